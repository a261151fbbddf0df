// Plans by the text of their statements. Server's side.
#include "pg/boundary/plans.hpp"

namespace segmentation::pg {

namespace {

/// A statement's saved plan. The server plans it again where what it reads has changed; not where its
/// parameters are of another type, as after the customers' key has become one.
struct SavedPlan {
  uint32 hash; // of text and types: the key
  char *sql;
  Oid *types;
  int count;
  SPIPlanPtr plan;
};
HTAB *saved_plans = nullptr;
constexpr long saved_plan_limit = 500;

/// Takes all plans out of use. One of them may be running further up, so they are freed when the transaction
/// ends.
void forget_plans() {
  HASH_SEQ_STATUS all;
  hash_seq_init(&all, saved_plans);
  while (auto *saved = static_cast<SavedPlan *>(hash_seq_search(&all))) {
    auto *callback = static_cast<MemoryContextCallback *>(
        MemoryContextAllocZero(TopTransactionContext, sizeof(MemoryContextCallback)));
    callback->func = [](void *plan) { (void)SPI_freeplan(static_cast<SPIPlanPtr>(plan)); };
    callback->arg = saved->plan;
    MemoryContextRegisterResetCallback(TopTransactionContext, callback);
    pfree(saved->sql);
    pfree(saved->types);
    (void)hash_search(saved_plans, &saved->hash, HASH_REMOVE, nullptr);
  }
}

} // namespace

SPIPlanPtr saved_plan(const char *sql, int count, const Oid *types) {
  if (saved_plans == nullptr) {
    HASHCTL control;
    memset(&control, 0, sizeof control);
    control.keysize = sizeof(uint32);
    control.entrysize = sizeof(SavedPlan);
    saved_plans = hash_create("segmentation plans", 64, &control, HASH_ELEM | HASH_BLOBS);
  }
  Size room = sizeof(Oid) * static_cast<Size>(count);
  uint32 hash =
      hash_combine(hash_bytes(reinterpret_cast<const unsigned char *>(sql), static_cast<int>(strlen(sql))),
                   hash_bytes(reinterpret_cast<const unsigned char *>(types), static_cast<int>(room)));
  auto *known = static_cast<SavedPlan *>(hash_search(saved_plans, &hash, HASH_FIND, nullptr));
  if (known != nullptr && known->count == count && memcmp(known->types, types, room) == 0 &&
      strcmp(known->sql, sql) == 0)
    return known->plan;
  if (known != nullptr || hash_get_num_entries(saved_plans) >= saved_plan_limit)
    forget_plans(); // of rules that are no more, mostly
  // Left to choose, the server plans a short array anew each time: it takes a plan for any array to be
  // dearer.
  SPIPlanPtr plan = SPI_prepare_cursor(sql, count, const_cast<Oid *>(types), CURSOR_OPT_GENERIC_PLAN);
  if (plan == nullptr)
    elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
  char *text = MemoryContextStrdup(TopMemoryContext, sql);
  auto *copied = static_cast<Oid *>(MemoryContextAlloc(TopMemoryContext, room + sizeof(Oid)));
  memcpy(copied, types, room);
  auto *fresh = static_cast<SavedPlan *>(hash_search(saved_plans, &hash, HASH_ENTER, nullptr));
  fresh->sql = text;
  fresh->types = copied;
  fresh->count = count;
  fresh->plan = plan;
  (void)SPI_keepplan(plan); // fails for what is no plan only
  return plan;
}

} // namespace segmentation::pg
