// Judging everyone within a memory limit: in several passes over slices of the customers where one would
// exceed it. Server's side.
#pragma once

#include "pg/live/feed.hpp"

namespace segmentation::pg {

/// What a pass hands on: the work holds the verdicts of the slice's customers.
struct Pass {
  Work *work;
  core::Slice slice;
};

/// Judges everyone by the work's rules and calls visit(argument, pass) after each pass. What a pass allocates
/// in the current memory context stays. With `horizons` the work also tells until when verdicts hold.
void judge_everyone(const Live *live, Work *work, core::Instant now, bool horizons, const Progress *progress,
                    void (*visit)(void *argument, const Pass &pass), void *argument);

/// A visit that adds up how many customers each rule holds for; its argument is an array of as many int64.
void add_members(void *members, const Pass &pass);

/// Returns in how many passes judge_everyone will begin to do it; it may find that it needs more.
uint32 estimated_passes(const Live *live, Work *work);

/// Judges some customers, in one pass.
void judge(const Live *live, Work *work, const Customers &who, core::Instant now);

/// Compiles rules of texts, in the current memory context.
Owned<Work> *compile_rules(const Live *live, const char *const *rules, int count, Excerpt excerpt);

} // namespace segmentation::pg
