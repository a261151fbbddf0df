// The activity text is the session's own statement, with a comment in front that says how far it is;
// segmentation.progress() reads it from pg_stat_activity. Server's side.
#include "pg/maintain/progress.hpp"

namespace segmentation::pg {

namespace {

constexpr int line_milliseconds = 2000;
constexpr int activity_milliseconds = 250;

/// Prints a number in groups of three: 1,200,000.
const char *grouped(uint64 number, char *buffer, int size) {
  char *at = buffer + size;
  *--at = '\0';
  int digits = 0;
  do {
    if (digits > 0 && digits % 3 == 0)
      *--at = ',';
    *--at = static_cast<char>('0' + number % 10);
    number /= 10;
    ++digits;
  } while (number > 0);
  return at;
}

void show_activity(Teller *teller, const char *text, TimestampTz now) {
  teller->activity_at = now;
  pgstat_report_activity(STATE_RUNNING, psprintf("/* segmentation: %s */ %s", text, teller->call));
  pgstat_report_query_id(teller->query_id, true);
}

void tell(void *argument, const char *step, uint64 rows, const char *done) {
  auto *teller = static_cast<Teller *>(argument);
  TimestampTz now = GetCurrentTimestamp();
  bool activity_due = TimestampDifferenceExceeds(teller->activity_at, now, activity_milliseconds);
  if (!activity_due)
    return;
  char buffer[32];
  char *text = psprintf("%s: %s %s", step, grouped(rows, buffer, sizeof buffer), done);
  show_activity(teller, text, now);
  if (TimestampDifferenceExceeds(teller->line_at, now, line_milliseconds)) {
    teller->line_at = now;
    ereport(INFO, (errmsg("%s", text), errhidecontext(true)));
  }
  pfree(text);
}

} // namespace

void start_telling(Teller *teller, const char *call) {
  teller->progress = {tell, teller};
  teller->call = debug_query_string != nullptr ? debug_query_string : call;
  teller->line_at = teller->activity_at = GetCurrentTimestamp();
  teller->query_id = pgstat_get_my_query_id();
}

void stop_telling(Teller *teller) {
  pgstat_report_activity(STATE_RUNNING, teller->call);
  pgstat_report_query_id(teller->query_id, true);
}

} // namespace segmentation::pg
