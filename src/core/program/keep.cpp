// Measures out of images and into them.
#include "core/program/population.hpp"

#include <algorithm>

namespace segmentation::core::program {
namespace {

template <typename Cell> Cell &at(std::byte *cell) {
  return *reinterpret_cast<Cell *>(cell);
}

// The value of an extreme or a latest cell, as an item.
bool read_value(const Measure &measure, const image::Item &item, std::uint32_t customer,
                std::uint32_t population, std::int64_t &value, Presence &presence, Side &side) {
  if (item.mark > static_cast<std::uint8_t>(Presence::aside) || item.more)
    return false;
  presence = static_cast<Presence>(item.mark);
  value = presence == Presence::here ? item.number : 0;
  if (presence != Presence::aside)
    return !item.has_bytes && (presence == Presence::none || measure.type != Kind::text);
  if (!item.has_bytes)
    return false;
  if (measure.type == Kind::text) {
    side.texts.resize(std::max<std::size_t>(side.texts.size(), population));
    side.texts[customer] = item.bytes;
    return true;
  }
  auto number = Decimal::parse(item.bytes);
  if (!number)
    return false;
  side.numbers.insert_or_assign(customer, std::move(*number));
  return true;
}

bool read_latest(const Measure &measure, image::Reader &entries, image::Item item, std::uint32_t customer,
                 std::uint32_t population, LatestCell &cell, Side &side) {
  cell.any = item.mark != 0;
  cell.date = item.number;
  if (!cell.any || item.has_bytes || !item.more)
    return !cell.any && !item.has_bytes && !item.more && item.number == 0;
  if (!entries.item(item) || !item.more || item.has_bytes != (measure.tie == Tie::keys))
    return false;
  if (measure.tie == Tie::keys) {
    side.ties.resize(std::max<std::size_t>(side.ties.size(), population));
    side.ties[customer] = item.bytes;
  } else {
    cell.tie = item.number;
  }
  return entries.item(item) &&
         read_value(measure, item, customer, population, cell.value, cell.presence, side) &&
         cell.presence != Presence::none;
}

bool write_text(std::string_view text, std::uint8_t mark, bool more, image::Writer &out) {
  if (text.size() > image::longest_text)
    return false;
  out.text(text, mark, more);
  return true;
}

bool write_value(const Measure &measure, std::int64_t value, Presence presence, std::uint32_t customer,
                 const Side &side, image::Writer &out) {
  const auto mark = static_cast<std::uint8_t>(presence);
  if (presence != Presence::aside) {
    out.number(presence == Presence::here ? value : 0, mark);
    return true;
  }
  if (measure.type == Kind::text)
    return write_text(side.texts[customer], mark, false, out);
  return write_text(side.numbers.at(customer).to_string(), mark, false, out);
}

bool write_latest(const Measure &measure, const LatestCell &cell, std::uint32_t customer, const Side &side,
                  image::Writer &out) {
  if (!cell.any) {
    out.number(0);
    return true;
  }
  out.number(cell.date, 1, true);
  if (measure.tie != Tie::keys)
    out.number(cell.tie, 0, true);
  else if (!write_text(side.ties[customer], 0, true, out))
    return false;
  return write_value(measure, cell.value, cell.presence, customer, side, out);
}

} // namespace

// The customer's cell is one of no rows.
bool Customers::load_entry(int index, std::uint32_t customer, image::Reader &entries) {
  const Measure &measure = plan.measure(index);
  FeedState &feed = feeds[static_cast<std::size_t>(measure.feed)];
  Side &side = sides[static_cast<std::size_t>(index)];
  std::byte *cell = feed.block.data() + customer * feed.stride + offsets[static_cast<std::size_t>(index)];
  image::Item item;
  if (!entries.item(item))
    return false;
  switch (measure.kind) {
  case MeasureKind::count:
    at<CountCell>(cell).rows = item.number;
    return !item.has_bytes && !item.more;
  case MeasureKind::sum: {
    at<SumCell>(cell).coefficient = item.number;
    if (item.has_bytes || !item.more)
      return !item.has_bytes;
    if (!entries.item(item) || !item.has_bytes || item.more)
      return false;
    auto rest = Decimal::parse(item.bytes);
    if (rest)
      side.numbers.insert_or_assign(customer, std::move(*rest));
    return rest.has_value();
  }
  case MeasureKind::minimum:
  case MeasureKind::maximum:
  case MeasureKind::wakening: {
    auto &extreme = at<ExtremeCell>(cell);
    return read_value(measure, item, customer, keys.size(), extreme.value, extreme.presence, side);
  }
  case MeasureKind::first:
  case MeasureKind::last:
    return read_latest(measure, entries, item, customer, keys.size(), at<LatestCell>(cell), side);
  default:
    return false;
  }
}

bool Customers::load_section(std::size_t index, std::uint32_t customer, const image::Section &section) {
  const CachedFeed &feed = cache->feeds[index];
  image::Reader entries(section.entries);
  if (section.digests == feed.digests) {
    for (const int measure : feed.measures)
      if (!load_entry(measure, customer, entries))
        return false;
    return true;
  }
  filled.assign(feed.measures.size(), 0);
  std::size_t missing = feed.measures.size();
  for (std::size_t entry = 0; entry < section.count; ++entry) {
    image::Reader behind = entries;
    image::Item item;
    if (!behind.item(item) || !behind.pass(item))
      return false;
    for (auto place = feed.first(section, entry);
         place != feed.places.end() && feed.is(*place, section, entry); ++place) {
      image::Reader one = entries;
      if (std::exchange(filled[place->second], std::uint8_t{1}) != 0 ||
          !load_entry(feed.measures[place->second], customer, one))
        return false;
      --missing;
    }
    entries = behind;
  }
  return missing == 0;
}

void Customers::load(std::uint32_t customer, std::string_view bytes, std::vector<std::uint8_t> &stale) {
  make_room();
  stale.resize(feeds.size());
  for (std::size_t feed = 1; feed < feeds.size(); ++feed) {
    stale[feed] = !cache->feeds[feed].measures.empty();
    clear(feed, customer);
  }
  stale[0] = 0;
  image::Head head;
  if (!image::open(bytes, cache->stamp, head))
    return;
  image::Reader reader(bytes.substr(sizeof head));
  image::Section section;
  const Instant now = clock.moment().now;
  for (std::uint16_t i = 0; i < head.sections && reader.section(section); ++i) {
    const std::size_t feed = cache->find(section.id);
    if (feed == 0 || feed >= feeds.size() || stale[feed] == 0 || !cache->feeds[feed].kept)
      continue;
    // Bounds move forward alone, so an older instant than the image's knows other rows, too.
    if (section.moves && (now < head.as_of || now >= section.until))
      continue;
    if (load_section(feed, customer, section))
      stale[feed] = 0;
    else
      clear(feed, customer);
  }
}

bool Customers::store_entry(int index, std::uint32_t customer, image::Writer &out) const {
  const Measure &measure = plan.measure(index);
  const Side &side = sides[static_cast<std::size_t>(index)];
  const std::byte *at = cell(measure, index, customer);
  switch (measure.kind) {
  case MeasureKind::count:
    out.number(reinterpret_cast<const CountCell *>(at)->rows);
    return true;
  case MeasureKind::sum: {
    const auto rest = side.numbers.empty() ? side.numbers.end() : side.numbers.find(customer);
    out.number(reinterpret_cast<const SumCell *>(at)->coefficient, 0, rest != side.numbers.end());
    return rest == side.numbers.end() || write_text(rest->second.to_string(), 0, false, out);
  }
  case MeasureKind::minimum:
  case MeasureKind::maximum:
  case MeasureKind::wakening: {
    const auto *extreme = reinterpret_cast<const ExtremeCell *>(at);
    return write_value(measure, extreme->value, extreme->presence, customer, side, out);
  }
  case MeasureKind::first:
  case MeasureKind::last:
    return write_latest(measure, *reinterpret_cast<const LatestCell *>(at), customer, side, out);
  default:
    return false;
  }
}

bool Customers::store_section(std::size_t index, std::uint32_t customer, image::Writer &out) const {
  const CachedFeed &feed = cache->feeds[index];
  if (!feed.kept || feed.measures.empty() || is_lost(index, customer))
    return false;
  Instant until = clock.steady_until();
  for (const int measure : feed.moving)
    until = std::min(until, measure_until(measure, customer));
  image::SectionHead head{feed.id, static_cast<std::uint16_t>(feed.measures.size()), 0};
  if (feed.moves)
    head.count |= image::moving_bit;
  const std::size_t start = out.size();
  out.bytes(&head, sizeof head);
  if (feed.moves)
    out.bytes(&until, sizeof until);
  out.bytes(feed.digests.data(), feed.digests.size());
  const std::size_t entries = out.size();
  if (index == 0) {
    if (!store_own(customer, out))
      return false;
  } else {
    for (const int measure : feed.measures)
      if (!store_entry(measure, customer, out))
        return false;
  }
  if (out.size() - entries > image::most_entry_bytes)
    return false;
  head.bytes = static_cast<std::uint16_t>(out.size() - entries);
  out.patch(start, &head, sizeof head);
  return true;
}

void Customers::store(std::uint32_t customer, std::size_t limit, std::string &bytes) {
  make_room();
  image::Writer out(bytes);
  image::Head head;
  head.stamp = cache->stamp;
  head.as_of = clock.moment().now;
  out.bytes(&head, sizeof head);
  sections.clear();
  for (std::size_t feed = 0; feed < feeds.size(); ++feed) {
    const std::size_t start = out.size();
    if (store_section(feed, customer, out))
      sections.push_back({start, out.size() - start});
    else
      out.back_to(start);
  }
  if (out.size() > limit) {
    // Many small ones rather than a large one: each that is left out costs a query.
    std::sort(sections.begin(), sections.end(), [](const auto &a, const auto &b) {
      return std::pair(a.second, a.first) < std::pair(b.second, b.first);
    });
    std::size_t total = sizeof head, fitting = 0;
    while (fitting < sections.size() && total + sections[fitting].second <= limit)
      total += sections[fitting++].second;
    sections.resize(fitting);
    std::sort(sections.begin(), sections.end());
    std::size_t end = sizeof head;
    for (const auto &[start, size] : sections) {
      out.move(end, start, size);
      end += size;
    }
    out.back_to(limit < sizeof head ? 0 : end);
  }
  head.sections = static_cast<std::uint16_t>(sections.size());
  if (out.size() > 0)
    out.patch(0, &head, sizeof head);
  out.finish();
  image::seal(bytes);
}

} // namespace segmentation::core::program
