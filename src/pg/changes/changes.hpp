// What a transaction has changed in bound relations, until it reaches the members. C++ side: never calls the
// server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace segmentation::pg {

struct CapturePlan;

/// A row that came (count > 0), went (count < 0), or was changed in nothing that its plan notes (0).
struct NetRow {
  const CapturePlan *plan;
  const char *image;
  std::uint32_t size;
  std::int32_t count;
};

/// What changes come to.
struct NetChanges {
  const NetRow *rows;
  int count;
  const CapturePlan *const *truncated; // the plans of relations that were truncated
  int truncated_count;
};

/// Images of rows, in the order in which they changed. Subtransactions nest: rolling one back takes back what
/// it noted, and that anything was applied in it.
class Changes {
public:
  /// Notes rows that came (sign 1) or went (-1) in a transaction of a nesting level. Image i ends at ends[i].
  void add(const CapturePlan *plan, int level, int sign, const char *images, const std::uint32_t *ends,
           std::uint32_t count);
  /// Notes that rows were queued instead, since those that are noted take too much memory.
  void set_overflowed() noexcept { overflowed_ = true; }
  /// Tells whether what is noted is all that the transaction changed.
  bool has_overflowed() const noexcept { return overflowed_; }
  /// Returns the bytes that what is noted takes, now and when it is summed up.
  std::size_t bytes() const noexcept;
  /// Notes that all rows of a relation went.
  void add_truncation(const CapturePlan *plan, int level);

  bool has_news() const noexcept { return rows_.size() > applied(); }
  std::size_t news() const noexcept { return rows_.size() - applied(); }

  /// Adds up what has not been applied yet: equal images of one relation are one row, and what came and went
  /// again is told with 0, since definitions may have changed meanwhile. Valid until the next call.
  NetChanges sum_up();
  /// All that sum_up has told has reached the members, in a transaction of this nesting level.
  void set_applied(int level);

  void commit(int level) noexcept;
  void roll_back(int level) noexcept;

private:
  struct Row {
    const CapturePlan *plan;
    const char *image;
    std::uint32_t size;
    std::int8_t sign; // 0: a truncation
  };
  struct Mark {
    int level;
    std::size_t rows;
    std::size_t chunks;
    std::size_t image_bytes;
  };

  std::size_t applied() const noexcept { return applied_.empty() ? 0 : applied_.back().rows; }
  void mark(int level);

  bool overflowed_ = false;
  std::size_t image_bytes_ = 0;
  std::vector<Row> rows_;
  std::vector<std::unique_ptr<char[]>> chunks_; // of images; none moves while another is noted
  std::size_t summed_ = 0;                      // rows that sum_up has seen
  std::vector<Mark> begun_;                     // where each level that noted something began
  std::vector<Mark> applied_;                   // how far each level has applied
  std::vector<NetRow> net_;
  std::vector<const CapturePlan *> truncated_;
};

} // namespace segmentation::pg
