// Places where tests make things go wrong. Compiled to nothing unless SEGMENTATION_FAULTS is defined.
#pragma once

namespace segmentation::pg {

#ifdef SEGMENTATION_FAULTS
/// On the C++ side of a crossing: throws what a test has asked for, when its turn has come.
void fault_in_core();
/// On the server's side (at a batch, before and after an SPI call): raises or cancels when its turn has come.
void fault_in_server();
/// Where others may come in between: waits as long as a test has asked for.
void pause_in_server();
/// While one lives, the module's allocations count as the core's.
struct CoreScope {
  CoreScope();
  ~CoreScope();
};
#else
inline void fault_in_core() {
}
inline void fault_in_server() {
}
inline void pause_in_server() {
}
struct CoreScope {
  CoreScope() {} // not trivial, so that its only use is no unused variable
};
#endif

} // namespace segmentation::pg
