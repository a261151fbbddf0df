// The one crossing from the server's side into C++. Everything on the far side may throw; nothing on the far
// side calls the server; when run_core returns or raises, no C++ object of the call is left.
#pragma once

#include "pg/boundary/failure.hpp"

#include <type_traits>

namespace segmentation::pg {

/// Calls body(argument, failure), turning whatever it throws into the failure.
void cross(void (*body)(void *argument, Failure &failure), void *argument, Failure &failure) noexcept;

/// Runs a closure of the form void(Failure &) on the C++ side, and returns how it went. Results go through
/// captured pointers.
template <typename Closure> void try_core(Closure closure, Failure &failure) noexcept {
  static_assert(std::is_trivially_destructible_v<Closure>,
                "a closure must capture plain pointers and numbers only");
  cross([](void *argument, Failure &inner) { (*static_cast<Closure *>(argument))(inner); }, &closure,
        failure);
}

/// The same; raises the failure, if there is one, as the server's ERROR.
template <typename Closure> void run_core(Closure closure) {
  Failure failure;
  try_core(closure, failure);
  if (failure.failed)
    raise(failure);
}

} // namespace segmentation::pg
