// The module: magic block and settings.
#include "pg/boundary/settings.hpp"

extern "C" {
__attribute__((visibility("default"))) const Pg_magic_struct *PG_MAGIC_FUNCTION_NAME(void);
#ifdef PG_MODULE_MAGIC_EXT
// pg_get_loaded_modules() of PostgreSQL 18 tells these.
PG_MODULE_MAGIC_EXT(.name = "segmentation", .version = SEGMENTATION_VERSION);
#else
PG_MODULE_MAGIC;
#endif

__attribute__((visibility("default"))) void _PG_init(void);
void _PG_init(void) {
  segmentation::pg::define_settings();
}
}
