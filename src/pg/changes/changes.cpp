// Noting changes and adding them up. C++ side: never calls the server.
#include "pg/changes/changes.hpp"

#include <algorithm>
#include <functional>
#include <string_view>
#include <unordered_map>

namespace segmentation::pg {

namespace {

/// What summing up adds to each row: an entry of the map, and a net row.
constexpr std::size_t summed_bytes = 96;

/// Below so many rows each is compared with each.
constexpr std::size_t few_rows = 16;

struct ImageKey {
  const CapturePlan *plan;
  std::string_view image;
  bool operator==(const ImageKey &) const = default;
};
struct HashImage {
  std::size_t operator()(const ImageKey &key) const noexcept {
    return std::hash<std::string_view>()(key.image) ^ std::hash<const void *>()(key.plan);
  }
};

} // namespace

void Changes::mark(int level) {
  if (begun_.empty() || begun_.back().level < level)
    begun_.push_back({level, rows_.size(), chunks_.size(), image_bytes_});
}

void Changes::add(const CapturePlan *plan, int level, int sign, const char *images, const std::uint32_t *ends,
                  std::uint32_t count) {
  mark(level);
  const std::size_t size = count == 0 ? 0 : ends[count - 1];
  image_bytes_ += size;
  chunks_.push_back(std::make_unique<char[]>(size));
  char *chunk = chunks_.back().get();
  std::copy_n(images, size, chunk);
  std::uint32_t at = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    rows_.push_back({plan, chunk + at, ends[i] - at, static_cast<std::int8_t>(sign)});
    at = ends[i];
  }
}

std::size_t Changes::bytes() const noexcept {
  return image_bytes_ + rows_.size() * (sizeof(Row) + summed_bytes);
}

void Changes::add_truncation(const CapturePlan *plan, int level) {
  mark(level);
  rows_.push_back({plan, nullptr, 0, 0});
}

NetChanges Changes::sum_up() {
  net_.clear();
  truncated_.clear();
  summed_ = rows_.size();
  std::unordered_map<ImageKey, std::size_t, HashImage> known;
  const bool few = news() <= few_rows;
  for (std::size_t i = applied(); i < rows_.size(); ++i) {
    const Row &row = rows_[i];
    if (row.sign == 0) {
      truncated_.push_back(row.plan);
      continue;
    }
    const ImageKey key{row.plan, {row.image, row.size}};
    std::size_t at = net_.size();
    if (few) {
      const auto same = std::find_if(net_.begin(), net_.end(), [&](const NetRow &one) {
        return one.plan == key.plan && std::string_view(one.image, one.size) == key.image;
      });
      at = static_cast<std::size_t>(same - net_.begin());
    } else {
      at = known.try_emplace(key, net_.size()).first->second;
    }
    if (at == net_.size())
      net_.push_back({key.plan, key.image.data(), row.size, 0});
    net_[at].count += row.sign;
  }
  return {net_.data(), static_cast<int>(net_.size()), truncated_.data(), static_cast<int>(truncated_.size())};
}

void Changes::set_applied(int level) {
  if (level <= 1 && summed_ == rows_.size()) { // nothing can bring it back but the end of the transaction
    image_bytes_ = 0;
    rows_.clear();
    chunks_.clear();
    begun_.clear();
    applied_.clear();
    return;
  }
  if (!applied_.empty() && applied_.back().level == level)
    applied_.back().rows = summed_;
  else
    applied_.push_back({level, summed_, 0, 0});
}

void Changes::commit(int level) noexcept {
  for (std::vector<Mark> *marks : {&begun_, &applied_}) {
    if (marks->empty() || marks->back().level < level)
      continue;
    const bool parent_has_one = marks->size() > 1 && (*marks)[marks->size() - 2].level == level - 1;
    if (!parent_has_one) {
      marks->back().level = level - 1;
    } else if (marks == &begun_) {
      marks->pop_back();
    } else {
      (*marks)[marks->size() - 2].rows = marks->back().rows;
      marks->pop_back();
    }
  }
}

void Changes::roll_back(int level) noexcept {
  while (!begun_.empty() && begun_.back().level >= level) {
    rows_.resize(begun_.back().rows);
    chunks_.resize(begun_.back().chunks);
    image_bytes_ = begun_.back().image_bytes;
    begun_.pop_back();
  }
  while (!applied_.empty() && applied_.back().level >= level)
    applied_.pop_back();
}

} // namespace segmentation::pg
