// What measures keep outside their cells: texts, numbers beyond 64 bits, sets and counts of values. Off the
// hot path.
#pragma once

#include "core/forecast/forecast.hpp"
#include "core/program/constants.hpp"
#include "core/value/decimal.hpp"

#include <string>
#include <unordered_map>
#include <vector>

namespace segmentation::core::program {

/// Pairs of a customer and a value that were seen. Values are integers, or texts (numbers beyond 64 bits as
/// their digits).
class SeenValues {
public:
  /// Returns whether the pair is new.
  bool add(std::uint32_t customer, std::int64_t value);
  bool add(std::uint32_t customer, std::string_view value);
  /// Forgets one customer's values, at the cost of looking at everyone's.
  void forget(std::uint32_t customer);
  void clear() noexcept;
  std::size_t memory_bytes() const noexcept;

private:
  struct Place {
    std::int64_t value = 0; // or the text's hash
    std::uint32_t customer = 0;
    std::uint32_t text = 0; // 0 is free; 1 an integer; else a text's position in texts_ + 2
  };
  bool add(const Place &wanted, std::string_view text);
  void grow();

  std::vector<Place> places_;
  std::vector<std::string> texts_;
  std::size_t count_ = 0;
};

/// A value that a mode counts, and its latest row.
struct ModeEntry {
  std::int64_t integer = 0;
  std::string text; // a text, or the digits of a number beyond 64 bits
  bool is_text = false;
  std::int64_t count = 0;
  bool dated = false;
  std::int64_t date = 0;
  std::string tie;
};

/// A customer's purchases so far, and their different days, ascending.
struct Purchases {
  PurchaseTotals totals;
  std::vector<Day> days;
};

struct Side {
  std::unordered_map<std::uint32_t, Decimal> numbers; // by customer; of a sum what its cell does not hold
  std::vector<std::string> texts;                     // by customer
  std::vector<std::string> ties;                      // by customer: encoded primary keys
  SeenValues seen;
  std::vector<std::vector<ModeEntry>> modes; // by customer
  std::vector<Purchases> purchases;          // by customer

  /// Forgets what is kept of one customer.
  void forget(std::uint32_t customer);
  /// Forgets what is kept of customers [0, customers), who were all there were. Texts may stay: their cells
  /// say whether they count.
  void clear(std::uint32_t customers) noexcept;
  std::size_t memory_bytes() const noexcept;
};

/// Appends a value so that encoded keys compare byte by byte as the values do.
void encode(std::int64_t value, std::string &out);
void encode(std::string_view text, std::string &out);
void encode(const Decimal &number, std::int32_t scale, std::string &out);

} // namespace segmentation::core::program
