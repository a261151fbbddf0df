// The customers of one commit as the core judges them: out of what is kept of them, the rows that changed,
// and what had to be read. Kept from commit to commit. C++ side: never calls the server.
#pragma once

#include "pg/live/live_core.hpp"

#include <string>
#include <vector>

namespace segmentation::pg {

class Upkeep {
public:
  /// The work must outlive it. `stamp` tells databases apart.
  Upkeep(const Work &work, std::uint64_t stamp);

  /// Starts with no customer, at an instant. What an error may have left behind is thrown away.
  void start(core::Instant now);
  core::Population &population() noexcept { return *population_; }

  /// Ends without having judged anybody.
  void leave() noexcept { is_whole_ = true; }

  /// Takes a customer in by what is kept of her own row; false where that does not do, and the row must be
  /// read.
  bool take_in(const CustomerKey &key, std::string_view image);
  std::optional<std::uint32_t> find(const CustomerKey &key) const;

  /// Loads what is kept of her rows; rows of feeds that are missing there, or not of use any more, become
  /// stale.
  void load(std::uint32_t customer, std::string_view image);
  /// Has her rows of a feed, or of all feeds, read.
  void set_stale(std::size_t feed, std::uint32_t customer);
  void set_all_stale(std::uint32_t customer);
  /// Takes the batch's rows out; whose measures do not stand without their other rows become stale, now or by
  /// settle().
  void retract(std::size_t feed);
  /// To be called once the rows that come instead are folded.
  void settle(std::size_t feed);
  bool is_stale(std::size_t feed) const noexcept;
  /// Empties the stale customers' measures of a feed and returns the customers.
  const std::vector<std::uint32_t> &begin_reading(std::size_t feed);

  /// Goes on with those who were judged: none of their rows is stale.
  void start_again() noexcept;

  /// Judges everyone taken in; where time alone may change an answer, finds out when.
  void judge();
  bool holds(std::size_t rule, std::uint32_t customer) const noexcept {
    return verdicts_.holds[rule * verdicts_.customers + customer] != 0;
  }
  /// Returns the first instant at which time alone may change one of her answers; may be early, never late.
  core::Instant until(std::uint32_t customer) const noexcept {
    return verdicts_.until.empty() ? core::instant_infinity : verdicts_.until[customer];
  }
  /// Returns what is to be kept of her; valid until the next call.
  const std::string &image(std::uint32_t customer);

private:
  const Work &work_;
  std::uint64_t stamp_;
  bool is_whole_ = false; // what was begun last was ended
  core::Moment moment_;
  const core::Zone &zone_;
  bool key_is_integer_;
  std::unique_ptr<core::Population> population_;
  std::vector<std::vector<std::uint8_t>> stale_; // by feed, by customer
  std::vector<std::uint32_t> reading_, lost_;
  std::vector<std::uint8_t> flags_;
  core::Verdicts verdicts_;
  std::string image_;
};

} // namespace segmentation::pg
