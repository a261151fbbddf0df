// A program and the customers whom it judges: compiling, evaluating in ranges, keeping verdicts as bits. C++
// side: never calls the server.
#include "pg/live/live_core.hpp"

#include <algorithm>
#include <bit>
#include <numeric>
#include <string_view>

namespace segmentation::pg {

Work::Work(const LiveCore &live, std::vector<core::CheckedRule> rules, core::Purpose purpose)
    : meaning_(live.meaning()), key_is_integer_(live.key_is_integer()),
      program_(core::Program::compile(live.meaning(), std::move(rules), live.key_is_integer(), purpose)) {
}

Work *Work::make(const LiveCore &live, const char *const *rules, int count, Excerpt excerpt,
                 Failure &failure) {
  std::vector<core::CheckedRule> checked;
  for (int i = 0; i < count; ++i) {
    std::optional<core::CheckedRule> rule = live.check(rules[i], excerpt, failure);
    if (!rule)
      return nullptr;
    checked.push_back(std::move(*rule));
  }
  return new Work(live, std::move(checked));
}

Work *Work::make_explaining(const LiveCore &live, const char *rule, Failure &failure) {
  std::vector<core::CheckedRule> checked;
  std::optional<core::CheckedRule> given = live.check(rule, Excerpt::detail, failure);
  if (!given)
    return nullptr;
  checked.push_back(std::move(*given));
  std::vector<int> named;
  for (const int segment : checked.front().segments) {
    const char *source = live.input().segments[segment].source;
    if (source == nullptr)
      continue; // kept by hand
    std::optional<core::CheckedRule> its = live.check(source, Excerpt::detail, failure);
    if (!its)
      return nullptr;
    named.push_back(segment);
    checked.push_back(std::move(*its));
  }
  auto work = std::make_unique<Work>(live, std::move(checked), core::Purpose::explaining);
  work->named_ = std::move(named);
  return work.release();
}

Work *Work::make_for(const LiveCore &live, std::int32_t segment, const char *rule, Excerpt excerpt,
                     Failure &failure) {
  std::optional<core::CheckedRule> checked = live.check(rule, excerpt, failure);
  if (!checked)
    return nullptr;
  live.add_hands(segment, *checked);
  std::vector<core::CheckedRule> rules;
  rules.push_back(std::move(*checked));
  return new Work(live, std::move(rules));
}

Work *Work::make_for_segments(const LiveCore &live, const int *segments, int count, Failure &failure) {
  std::vector<core::CheckedRule> checked;
  std::vector<std::vector<int>> histories;
  for (int i = 0; i < count; ++i) {
    std::optional<core::CheckedRule> rule = live.check_segment(segments[i], Excerpt::detail, failure);
    if (!rule)
      return nullptr;
    histories.push_back(rule->histories);
    checked.push_back(std::move(*rule));
  }
  auto work = std::make_unique<Work>(live, std::move(checked));
  work->take_turns(histories, segments);
  return work.release();
}

/// What a rule reads has what that reads in turn among it, and the checker lets no ring pass.
void Work::take_turns(const std::vector<std::vector<int>> &histories, const int *segments) {
  const std::size_t count = histories.size();
  std::unordered_map<int, std::size_t> rule_of;
  for (std::size_t rule = 0; rule < count; ++rule)
    rule_of.emplace(segments[rule], rule);
  turns_.assign(count, 0);
  is_read_.assign(count, 0);
  for (bool settled = false; !settled;) {
    settled = true;
    for (std::size_t rule = 0; rule < count; ++rule) {
      for (const int segment : histories[rule]) {
        const auto read = rule_of.find(segment);
        if (read == rule_of.end())
          continue; // its members are what is stored
        is_read_[read->second] = 1;
        if (turns_[rule] <= turns_[read->second]) {
          turns_[rule] = turns_[read->second] + 1;
          settled = false;
        }
      }
    }
  }
}

int Work::turn_count() const noexcept {
  return turns_.empty() ? 1 : *std::max_element(turns_.begin(), turns_.end()) + 1;
}

void Work::start(core::Instant now, bool horizons, core::Slice slice, core::Roll roll) {
  population_.reset();
  words_.clear();
  stride_ = 0;
  until_.clear();
  order_.clear();
  moment_ = core::Moment::at(now, meaning_->schema.zone);
  population_ = std::make_unique<core::Population>(*program_, moment_, horizons, slice, roll);
}

void Work::evaluate(std::uint32_t first, std::uint32_t count) {
  if (stride_ == 0) {
    stride_ = (static_cast<std::size_t>(population_->size()) + 63) / 64;
    words_.assign(stride_ * rule_count(), 0);
  }
  population_->evaluate(first, count, verdicts_);
  if (!verdicts_.until.empty()) {
    until_.resize(population_->size(), core::instant_infinity);
    std::copy(verdicts_.until.begin(), verdicts_.until.end(), until_.begin() + first);
  }
  for (std::size_t rule = 0; rule < rule_count(); ++rule) {
    const std::uint8_t *holds = verdicts_.holds.data() + rule * verdicts_.customers;
    std::uint64_t *words = words_.data() + rule * stride_;
    for (std::uint32_t i = 0; i < count; ++i)
      words[(first + i) / 64] |= static_cast<std::uint64_t>(holds[i] != 0) << ((first + i) % 64);
  }
}

std::uint64_t Work::count_holding(std::size_t rule) const noexcept {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < stride_; ++i)
    count += static_cast<std::uint64_t>(std::popcount(words_[rule * stride_ + i]));
  return count;
}

CustomerKey Work::key(std::uint32_t customer) const {
  if (key_is_integer_)
    return {population_->integer_key(customer), nullptr, 0};
  core::TextCell text = population_->text_key(customer);
  return {0, text.data, text.size};
}

std::optional<std::uint32_t> Work::find(const CustomerKey &key) const {
  if (key_is_integer_)
    return population_->find(key.integer);
  return population_->find(std::string_view(key.text, key.size));
}

bool Work::is_mine(const CustomerKey &key) const noexcept {
  return key_is_integer_ ? population_->is_mine(key.integer)
                         : population_->is_mine(std::string_view(key.text, key.size));
}

void Work::sort_by_key() {
  order_.resize(size());
  std::iota(order_.begin(), order_.end(), 0U);
  const core::Population &population = *population_;
  if (key_is_integer_) {
    auto less = [&](std::uint32_t a, std::uint32_t b) {
      return population.integer_key(a) < population.integer_key(b);
    };
    if (!std::is_sorted(order_.begin(), order_.end(), less))
      std::sort(order_.begin(), order_.end(), less);
    return;
  }
  auto view = [&](std::uint32_t customer) {
    core::TextCell text = population.text_key(customer);
    return std::string_view(text.data, text.size);
  };
  std::sort(order_.begin(), order_.end(),
            [&](std::uint32_t a, std::uint32_t b) { return view(a) < view(b); });
}

std::uint32_t Work::list_next(std::size_t rule, std::uint32_t from, std::uint32_t limit, CustomerKey *out,
                              std::uint32_t &count) const {
  count = 0;
  std::uint32_t at = from;
  const std::uint32_t end = static_cast<std::uint32_t>(order_.size());
  for (; at < end && count < limit; ++at) {
    if (holds(rule, order_[at]))
      out[count++] = key(order_[at]);
  }
  return at;
}

std::uint32_t Work::list_dues(std::uint32_t from, std::uint32_t limit, Due *out, std::uint32_t &count) const {
  count = 0;
  std::uint32_t at = from;
  for (; at < order_.size() && count < limit; ++at) {
    if (const core::Instant until = until_[order_[at]]; until != core::instant_infinity)
      out[count++] = {key(order_[at]), until};
  }
  return at;
}

} // namespace segmentation::pg
