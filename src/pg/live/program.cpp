// Compiling all segments' rules once a session. Server's side.
#include "pg/live/program.hpp"

#include "pg/boundary/run_core.hpp"

namespace segmentation::pg {

bool check_segment(const Live *live, int index, Failure *failure) {
  try_core([=](Failure &inner) { (void)(**live->core).check_segment(index, Excerpt::none, inner); },
           *failure);
  // What a rule itself can be at fault for: names, types, limits.
  if (failure->failed && strncmp(failure->sqlstate, "42", 2) != 0 && strncmp(failure->sqlstate, "54", 2) != 0)
    raise(*failure);
  return !failure->failed;
}

void check_key_type(const Live *live) {
  Oid membership = own_relation("membership");
  AttrNumber number = get_attnum(membership, "customer_id");
  Oid stored = number == InvalidAttrNumber ? InvalidOid : get_atttype(membership, number);
  if (OidIsValid(stored) && getBaseType(stored) == live->key.type)
    return;
  ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                  errmsg("the customers' key is of type %s now, but members are stored by type %s",
                         format_type_be(live->key.type), format_type_be(stored)),
                  errhint("Drop the segments, bind the customers again with replace => true, and create the "
                          "segments again.")));
}

const SegmentProgram *load_program(const Live *live) {
  if (live->program != nullptr)
    return live->program;
  check_key_type(live);
  MemoryContext before = MemoryContextSwitchTo(live->context);
  auto *program = static_cast<SegmentProgram *>(palloc0(sizeof(SegmentProgram)));
  int count = live->schema.segment_count;
  program->segments = static_cast<int32 *>(palloc(sizeof(int32) * static_cast<Size>(count + 1)));
  int *indexes = static_cast<int *>(palloc(sizeof(int) * static_cast<Size>(count + 1)));
  for (int i = 0; i < count; ++i) {
    const SegmentInput &segment = live->schema.segments[i];
    program->built = Max(program->built, static_cast<int64>(segment.built));
    Failure failure;
    if (!check_segment(live, i, &failure))
      continue;
    indexes[program->segment_count] = i;
    program->segments[program->segment_count++] = segment.id;
  }
  program->work = Owned<Work>::make();
  int whole = program->segment_count;
  program->turns = static_cast<int *>(palloc(sizeof(int) * static_cast<Size>(whole + 1)));
  program->is_read = static_cast<bool *>(palloc(static_cast<Size>(whole + 1)));
  run_core([=](Failure &failure) {
    Work *work = Work::make_for_segments(**live->core, indexes, whole, failure);
    program->work->set(work);
    if (work == nullptr)
      return;
    program->turn_count = work->turn_count();
    program->moves = work->program().moves();
    for (int rule = 0; rule < whole; ++rule) {
      program->turns[rule] = work->turn(static_cast<size_t>(rule));
      program->is_read[rule] = work->is_read(static_cast<size_t>(rule));
    }
  });
  pfree(indexes);
  program->upkeep =
      Owned<Upkeep>::make(); // after the work, which it refers to: callbacks run in reverse order
  uint64 stamp = live->schema.stamp;
  run_core([=](Failure &) { program->upkeep->set(new Upkeep(**program->work, stamp)); });
  MemoryContextSwitchTo(before);
  const_cast<Live *>(live)->program = program;
  return program;
}

const Live *load_as_reader() {
  Identity caller = become_reader();
  const Live *live = load_live();
  (void)load_program(live);
  become_again(caller);
  return live;
}

} // namespace segmentation::pg
