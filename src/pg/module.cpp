// The module: magic block and settings.
#include "pg/boundary/settings.hpp"

extern "C" {
#ifdef PG_MODULE_MAGIC_EXT
__attribute__((visibility("default"))) const Pg_magic_struct *PG_MAGIC_FUNCTION_NAME(void);
PG_MODULE_MAGIC_EXT(.name = "segmentation", .version = "0.1.0");
#else
__attribute__((visibility("default"))) const Pg_magic_struct *PG_MAGIC_FUNCTION_NAME(void);
PG_MODULE_MAGIC;
#endif

__attribute__((visibility("default"))) void _PG_init(void);
void _PG_init(void) {
  segmentation::pg::define_settings();
}
}
