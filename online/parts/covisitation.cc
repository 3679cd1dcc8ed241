// SPDX-License-Identifier: Apache-2.0
#include "online/parts/covisitation.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/saved_time.h"
#include "online/part/live_part.h"
#include "online/parts/covisitation_query.h"
#include "online/parts/hours.h"

namespace freshet::online {
namespace {

constexpr float kMostCounted = 0x1p23F;    // largest total of a level; floats above twice that lose ones
constexpr std::int64_t kDecayMs = 60'000;  // decay in shorter steps would be lost in a float's rounding
constexpr std::size_t kFirstCapacity = 4;  // of a row

}  // namespace

CovisitationIndex::CovisitationIndex(const CovisitationOptions& options, std::size_t max_items)
    : half_lives_ms_(hours_to_ms(options.half_life_hours)),
      levels_(half_lives_ms_.size() + 3),
      max_neighbors_(options.max_neighbors),
      window_(options.window),
      max_items_(max_items),
      names_(Followers::feature_names(levels_)),
      features_(names_.begin(), names_.end()),
      rows_(max_items) {
  FRESHET_CHECK(!half_lives_ms_.empty() && levels_ <= kMaxLevels);
}

void CovisitationIndex::decay_to(Row& row, std::int64_t time_ms) const {
  const double elapsed = static_cast<double>(time_ms - row.time_ms);
  row.time_ms = time_ms;
  for (std::size_t h = 0; h < half_lives_ms_.size(); ++h) {
    const auto factor = static_cast<float>(std::exp2(-elapsed / half_lives_ms_[h]));
    row.totals[h] *= factor;
    float* counts = row.counts.data() + h * row.capacity;  // a row that was loaded without followers has none
    for (std::size_t i = 0; i < row.items.size(); ++i) counts[i] *= factor;
  }
}

void CovisitationIndex::reserve(Row& row, std::size_t capacity) const {
  std::vector<float> counts(levels_ * capacity);
  for (std::size_t level = 0; level < levels_; ++level) {
    std::copy_n(row.counts.begin() + static_cast<std::ptrdiff_t>(level * row.capacity), row.items.size(),
                counts.begin() + static_cast<std::ptrdiff_t>(level * capacity));
  }
  row.counts.swap(counts);
  row.capacity = capacity;
  row.items.reserve(capacity);
  row.last_ms.reserve(capacity);
}

void CovisitationIndex::remove(Row& row, std::size_t at) const {
  const std::size_t last = row.items.size() - 1;
  row.items[at] = row.items[last];
  row.items.pop_back();
  row.last_ms[at] = row.last_ms[last];
  row.last_ms.pop_back();
  for (std::size_t level = 0; level < levels_; ++level) {
    float* counts = &row.counts[level * row.capacity];
    counts[at] = counts[last];
    counts[last] = 0.0F;
  }
}

void CovisitationIndex::link(ItemIndex from, ItemIndex to, std::int64_t time, float weight, Link kind) {
  const std::size_t lives = half_lives_ms_.size();
  Row& row = rows_.at(from);
  const std::lock_guard lock(locks_.of(from));
  if (row.totals.empty()) {
    row.totals.assign(levels_, 0.0F);
    row.time_ms = time;
  }
  if (time >= row.time_ms + kDecayMs) decay_to(row, time);
  auto at = static_cast<std::size_t>(std::find(row.items.begin(), row.items.end(), to) - row.items.begin());
  if (at == row.items.size()) {
    if (at == max_neighbors_) {
      const float* slowest = &row.counts[(lives - 1) * row.capacity];
      const auto least = static_cast<std::size_t>(std::min_element(slowest, slowest + at) - slowest);
      holders_.remove(row.items[least]);
      remove(row, least);
      --at;
    }
    if (at == row.capacity) reserve(row, std::min(max_neighbors_, std::max(kFirstCapacity, 2 * at)));
    row.items.push_back(to);
    row.last_ms.push_back(time);
    holders_.add(to);
  }
  const auto add = [&](std::size_t level, float added) {
    row.counts[level * row.capacity + at] += added;
    row.totals[level] += added;
    if (row.totals[level] < kMostCounted) return;
    row.totals[level] *= 0.5F;
    for (std::size_t i = 0; i < row.items.size(); ++i) row.counts[level * row.capacity + i] *= 0.5F;
  };
  if (kind == Link::reverse) {
    add(lives + 2, weight);
  } else {
    for (std::size_t level = 0; level < lives; ++level) {
      // Counts are as of row.time_ms: a late event has decayed by then, one of the last minute is yet to decay.
      add(level,
          weight * static_cast<float>(std::exp2(static_cast<double>(time - row.time_ms) / half_lives_ms_[level])));
    }
    add(lives, weight);
    if (kind == Link::direct) add(lives + 1, weight);
  }
  row.last_ms[at] = std::max(row.last_ms[at], time);
}

void CovisitationIndex::observe(const Context& before, const Interaction& event) {
  const auto& session = before.session;
  const std::int64_t time = to_ms(event.time);
  for (std::size_t distance = 1; distance <= std::min(window_, session.size()); ++distance) {
    const ItemIndex from = session[session.size() - distance].item;
    if (from == event.item) continue;
    const float weight = event.weight / static_cast<float>(distance);
    link(from, event.item, time, weight, distance == 1 ? Link::direct : Link::indirect);
    link(event.item, from, time, weight, Link::reverse);
  }
}

void CovisitationIndex::ask(const Context& context, std::unique_ptr<Query>& query) const {
  reuse<Followers>(query).ask(*this, context);
}

void CovisitationIndex::forget_item(ItemIndex item) {
  if (rows_.find(item) != nullptr) {
    Row& row = rows_.at(item);
    const std::lock_guard lock(locks_.of(item));
    for (const ItemIndex follower : row.items) holders_.remove(follower);
    row = Row{};
  }
  if (holders_.of(item) == 0) return;
  rows_.for_each([&](std::size_t from, const Row& seen) {
    const auto at =
        static_cast<std::size_t>(std::find(seen.items.begin(), seen.items.end(), item) - seen.items.begin());
    if (at == seen.items.size()) return;
    const std::lock_guard lock(locks_.of(from));
    remove(rows_.at(from), at);
  });
  holders_.clear(item);
}

// Saved counts are [items][levels]: in memory they are the other way round.
void CovisitationIndex::save(ByteWriter& out) const {
  std::size_t used = 0;
  rows_.for_each([&](std::size_t, const Row& row) { used += row.totals.empty() ? 0 : 1; });
  out.varint(used);
  std::vector<float> counts;
  rows_.for_each([&](std::size_t from, const Row& row) {
    if (row.totals.empty()) return;
    out.varint(from);
    out.fixed(row.time_ms);
    out.array<float>(row.totals);
    out.array<ItemIndex>(row.items);
    out.array<std::int64_t>(row.last_ms);
    counts.clear();
    for (std::size_t at = 0; at < row.items.size(); ++at) {
      for (std::size_t level = 0; level < levels_; ++level) counts.push_back(row.counts[level * row.capacity + at]);
    }
    out.array<float>(counts);
  });
}

Result<void> CovisitationIndex::load(ByteReader& in) {
  const Error corrupt = not_a_saved_state(kCovisitation.name);
  const std::uint64_t used = in.varint();
  for (std::uint64_t r = 0; r < used; ++r) {
    const std::uint64_t from = in.varint();
    if (!in.ok() || from >= max_items_) return corrupt;
    Row row;
    row.time_ms = read_time_ms(in);
    row.totals = in.array<float>();
    row.items = in.array<ItemIndex>();
    row.last_ms = in.array<std::int64_t>();
    const std::vector<float> counts = in.array<float>();
    const std::size_t size = row.items.size();
    if (!in.ok() || row.totals.size() != levels_ || size > max_neighbors_ || row.last_ms.size() != size ||
        counts.size() != size * levels_ || !std::ranges::all_of(row.last_ms, is_event_time)) {
      return corrupt;
    }
    row.capacity = size;
    row.counts.resize(counts.size());
    for (std::size_t i = 0; i < counts.size(); ++i) row.counts[i % levels_ * size + i / levels_] = counts[i];
    for (const ItemIndex item : row.items) {
      if (item >= max_items_) return corrupt;
      holders_.add(item);
    }
    rows_.at(from) = std::move(row);
  }
  return in.ok() ? Result<void>{} : corrupt;
}

std::size_t CovisitationIndex::memory_bytes() const {
  std::size_t bytes = rows_.memory_bytes() + holders_.memory_bytes();
  rows_.for_each([&](std::size_t, const Row& row) {
    bytes += (row.totals.capacity() + row.counts.capacity()) * sizeof(float) +
             row.items.capacity() * sizeof(ItemIndex) + row.last_ms.capacity() * sizeof(std::int64_t);
  });
  return bytes;
}

std::unique_ptr<Part> make_covisitation(const CovisitationOptions& options, std::size_t max_items) {
  return std::make_unique<LivePart<CovisitationIndex>>(std::make_shared<CovisitationIndex>(options, max_items));
}

std::vector<Option<CovisitationOptions>> CovisitationOptions::describe() {
  return {
      option::rising_numbers("half_life_hours", &CovisitationOptions::half_life_hours, 3,
                             "Half-lives of the co-visitation counts, in hours, in addition to one count that never "
                             "decays."),
      option::integer("max_neighbors", &CovisitationOptions::max_neighbors, {1, 10'000},
                      "Largest number of followers kept per item.")
          .formerly("max_neighbours"),
      option::integer("window", &CovisitationOptions::window, {1, 100},
                      "Number of earlier items of the session that an event is linked to."),
  };
}

constinit const PartKind kCovisitation{
    .name = "covisitation",
    .about = "decayed item → next-item counts at several half-lives",
    .on_by_default = true,
    .describe = describe_part<CovisitationOptions>,
    .fingerprint =
        [](const Options& options) {
          const auto& own = options.part<CovisitationOptions>();
          std::string text;
          for (const double hours : own.half_life_hours) text += " covisitation " + std::to_string(hours);
          return text + " neighbours " + std::to_string(own.max_neighbors);
        },
    .make =
        [](PartContext& context) {
          return make_covisitation(context.options.part<CovisitationOptions>(), context.options.max_items);
        },
};

}  // namespace freshet::online
