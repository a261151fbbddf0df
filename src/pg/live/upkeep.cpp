// Around the core's population for maintenance. C++ side: never calls the server.
#include "pg/live/upkeep.hpp"

#include <algorithm>
#include <utility>

namespace segmentation::pg {

namespace {

/// What a state row may take: beside the verdicts it stays on its page, out of TOAST.
constexpr std::size_t image_limit = 1750;
/// The memory of so many customers is kept for the next commit.
constexpr std::uint32_t most_kept = 1000;

} // namespace

Upkeep::Upkeep(const Work &work, std::uint64_t stamp)
    : work_(work), stamp_(stamp), zone_(work.zone()), key_is_integer_(work.key_is_integer()),
      stale_(work.program().feeds().size()) {
}

void Upkeep::start(core::Instant now) {
  const bool can_go_on = std::exchange(is_whole_, false) && population_ && population_->size() <= most_kept;
  moment_ = core::Moment::at(now, zone_);
  if (can_go_on)
    population_->restart(moment_);
  else
    population_ = std::make_unique<core::Population>(work_.program(), moment_, core::Maintenance{stamp_});
  for (std::vector<std::uint8_t> &feed : stale_)
    feed.clear();
}

bool Upkeep::take_in(const CustomerKey &key, std::string_view image) {
  return key_is_integer_ ? population_->take_in(key.integer, image).has_value()
                         : population_->take_in(std::string_view(key.text, key.size), image).has_value();
}

std::optional<std::uint32_t> Upkeep::find(const CustomerKey &key) const {
  return key_is_integer_ ? population_->find(key.integer)
                         : population_->find(std::string_view(key.text, key.size));
}

void Upkeep::load(std::uint32_t customer, std::string_view image) {
  flags_.assign(stale_.size(), 0);
  population_->load(customer, image, flags_);
  for (std::size_t feed = 1; feed < stale_.size(); ++feed) {
    if (flags_[feed] != 0)
      set_stale(feed, customer);
  }
}

void Upkeep::set_stale(std::size_t feed, std::uint32_t customer) {
  if (stale_[feed].size() <= customer)
    stale_[feed].resize(population_->size(), 0);
  stale_[feed][customer] = 1;
}

void Upkeep::set_all_stale(std::uint32_t customer) {
  for (std::size_t feed = 1; feed < stale_.size(); ++feed)
    set_stale(feed, customer);
}

void Upkeep::retract(std::size_t feed) {
  lost_.clear();
  population_->retract(feed, lost_);
  for (const std::uint32_t customer : lost_)
    set_stale(feed, customer);
}

void Upkeep::settle(std::size_t feed) {
  lost_.clear();
  population_->settle(feed, lost_);
  for (const std::uint32_t customer : lost_)
    set_stale(feed, customer);
}

bool Upkeep::is_stale(std::size_t feed) const noexcept {
  return std::find(stale_[feed].begin(), stale_[feed].end(), 1) != stale_[feed].end();
}

const std::vector<std::uint32_t> &Upkeep::begin_reading(std::size_t feed) {
  reading_.clear();
  for (std::uint32_t customer = 0; customer < stale_[feed].size(); ++customer) {
    if (stale_[feed][customer] == 0)
      continue;
    population_->clear(feed, customer);
    reading_.push_back(customer);
  }
  return reading_;
}

void Upkeep::start_again() noexcept {
  is_whole_ = false;
  for (std::vector<std::uint8_t> &feed : stale_)
    feed.clear();
}

void Upkeep::judge() {
  if (work_.program().moves())
    population_->evaluate(0, population_->size(), verdicts_);
  else
    population_->judge(0, population_->size(), verdicts_);
  is_whole_ = true;
}

const std::string &Upkeep::image(std::uint32_t customer) {
  population_->store(customer, image_limit, image_);
  return image_;
}

} // namespace segmentation::pg
