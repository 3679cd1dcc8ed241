#include "online/covisitation.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "online/best.h"
#include "online/item_table.h"
#include "online/live_part.h"
#include "online/saved_time.h"

namespace freshet::online {
namespace {

constexpr double kMsPerHour = 3'600'000.0;
constexpr float kFloor = -12.0F;        // log2 of a share that is as good as none
constexpr float kReverseShare = 0.25F;  // what came before the item may come after it
constexpr float kSmoothing = 0.5F;      // imagined links elsewhere: one sighting is no certainty

std::vector<double> to_milliseconds(const std::vector<double>& hours) {
  std::vector<double> ms;
  for (const double h : hours) ms.push_back(h * kMsPerHour);
  return ms;
}

float log_share(float share) { return share > 0 ? std::max(kFloor, std::log2(share)) : kFloor; }

}  // namespace

CovisitationIndex::CovisitationIndex(const CovisitationOptions& options, std::size_t max_items)
    : half_lives_ms_(to_milliseconds(options.half_life_hours)),
      levels_(half_lives_ms_.size() + 3),
      max_neighbours_(options.max_neighbours),
      window_(options.window),
      max_items_(max_items),
      rows_(max_items) {
  FRESHET_CHECK(!half_lives_ms_.empty());
  names_.push_back("own");
  for (std::size_t level = 0; level < levels_; ++level) names_.push_back("last_" + std::to_string(level));
  names_.insert(names_.end(), {"second_last", "older", "log_count", "recency"});
  features_.assign(names_.begin(), names_.end());
}

void CovisitationIndex::decay_to(Row& row, std::int64_t time_ms) const {
  const double elapsed = static_cast<double>(time_ms - row.time_ms);
  row.time_ms = time_ms;
  for (std::size_t h = 0; h < half_lives_ms_.size(); ++h) {
    const auto factor = static_cast<float>(std::exp2(-elapsed / half_lives_ms_[h]));
    row.totals[h] *= factor;
    for (std::size_t at = h; at < row.counts.size(); at += levels_) row.counts[at] *= factor;
  }
}

void CovisitationIndex::remove(Row& row, std::size_t at) const {
  row.items[at] = row.items.back();
  row.items.pop_back();
  row.last_ms[at] = row.last_ms.back();
  row.last_ms.pop_back();
  std::copy_n(row.counts.end() - static_cast<std::ptrdiff_t>(levels_), levels_,
              row.counts.begin() + static_cast<std::ptrdiff_t>(at * levels_));
  row.counts.resize(row.counts.size() - levels_);
}

void CovisitationIndex::link(ItemIndex from, ItemIndex to, std::int64_t time, float weight, Link kind) {
  const std::size_t lives = half_lives_ms_.size();
  Row& row = rows_.at(from);
  const std::lock_guard lock(locks_.of(from));
  if (row.totals.empty()) {
    row.totals.assign(levels_, 0.0F);
    row.time_ms = time;
  }
  if (time > row.time_ms) decay_to(row, time);
  auto at = static_cast<std::size_t>(std::find(row.items.begin(), row.items.end(), to) - row.items.begin());
  if (at == row.items.size()) {
    if (at == max_neighbours_) {
      std::size_t least = 0;
      for (std::size_t i = 1; i < at; ++i) {
        if (row.counts[i * levels_ + lives - 1] < row.counts[least * levels_ + lives - 1]) least = i;
      }
      --holders_[row.items[least]];
      remove(row, least);
      --at;
    }
    row.items.push_back(to);
    row.last_ms.push_back(time);
    row.counts.resize(row.counts.size() + levels_, 0.0F);
    if (holders_.size() <= to) holders_.resize(to + std::size_t{1});
    ++holders_[to];
  }
  float* counts = &row.counts[at * levels_];
  const auto add = [&](std::size_t level, float added) {
    counts[level] += added;
    row.totals[level] += added;
  };
  if (kind == Link::reverse) {
    add(lives + 2, weight);
  } else {
    for (std::size_t level = 0; level < lives; ++level) {
      // a late event counts as much as it would by now
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

// visit(back, row, shares) for the rows of the session's last items, under the row's lock; back 0 is the newest.
// `shares` weighs the counts of a follower: their product is its own share of the row, over all levels.
template <typename Visit>
void CovisitationIndex::visit_rows(const Context& context, Visit&& visit) const {
  const std::size_t asked = std::min(kQueryItems, context.session.size());
  const auto item_at = [&](std::size_t back) { return context.session[context.session.size() - 1 - back].item; };
  thread_local std::vector<float> shares;
  shares.assign(levels_, 0.0F);
  const std::size_t used = half_lives_ms_.size() + 1;  // half-lives and never
  for (std::size_t back = 0; back < asked; ++back) {
    const ItemIndex item = item_at(back);
    bool repeated = false;  // a row counts once, at its newest place
    for (std::size_t newer = 0; newer < back; ++newer) repeated |= item_at(newer) == item;
    const Row* row = rows_.find(item);
    if (row == nullptr || repeated) continue;
    const std::lock_guard lock(locks_.of(item));
    if (row->items.empty()) continue;
    for (std::size_t level = 0; level < used; ++level) {
      shares[level] = 1.0F / ((row->totals[level] + kSmoothing) * static_cast<float>(used));
    }
    shares[used + 1] = kReverseShare / ((row->totals[used + 1] + kSmoothing) * static_cast<float>(used));
    visit(back, *row, std::span<const float>(shares));
  }
}

float CovisitationIndex::own_share(const Row& row, std::size_t at, std::span<const float> shares) {
  float share = 0.0F;
  for (std::size_t level = 0; level < shares.size(); ++level) {
    share += row.counts[at * shares.size() + level] * shares[level];
  }
  return share;
}

void CovisitationIndex::propose(const Context& context, std::size_t k, std::vector<Candidate>& out) const {
  thread_local ItemTable table;
  thread_local std::vector<Candidate> sums;
  table.clear();
  sums.clear();
  visit_rows(context, [&](std::size_t back, const Row& row, std::span<const float> shares) {
    for (std::size_t i = 0; i < row.items.size(); ++i) {
      if (row.items[i] == context.last_item()) continue;
      const auto fresh = static_cast<std::uint32_t>(sums.size());
      const std::uint32_t at = table.find_or_insert(row.items[i], fresh);
      if (at == fresh) sums.push_back({row.items[i], 0.0F});
      sums[at].score += own_share(row, i, shares) / static_cast<float>(back + 1);
    }
  });
  keep_best(sums, k);
  out.insert(out.end(), sums.begin(), sums.end());
}

void CovisitationIndex::score(const Context& context, std::span<const ItemIndex> candidates, FeatureColumns out) const {
  const std::size_t second = 1 + levels_, older = second + 1, log_count = older + 1, recency = log_count + 1;
  thread_local ItemTable table;
  table.clear();
  for (std::size_t row = 0; row < candidates.size(); ++row) {
    table.find_or_insert(candidates[row], static_cast<std::uint32_t>(row));
    for (std::size_t f = 0; f < features_.size(); ++f) out.at(row, f) = 0.0F;
    for (std::size_t level = 0; level < levels_; ++level) out.at(row, 1 + level) = kFloor;
    out.at(row, second) = kFloor;
  }
  visit_rows(context, [&](std::size_t back, const Row& row, std::span<const float> shares) {
    for (std::size_t i = 0; i < row.items.size(); ++i) {
      const std::uint32_t at = table.find(row.items[i]);
      if (at == ItemTable::kAbsent) continue;
      const float share = own_share(row, i, shares);
      out.at(at, 0) += share / static_cast<float>(back + 1);
      if (back == 0) {
        const float* counts = &row.counts[i * levels_];
        for (std::size_t level = 0; level < levels_; ++level) {
          out.at(at, 1 + level) = log_share(counts[level] / (row.totals[level] + kSmoothing));
        }
        out.at(at, log_count) = std::log2(1.0F + counts[half_lives_ms_.size()]);
        const double ago = static_cast<double>(to_ms(context.now) - row.last_ms[i]) / kMsPerHour;
        out.at(at, recency) = 1.0F / (1.0F + static_cast<float>(std::max(0.0, ago)));
      } else if (back == 1) {
        out.at(at, second) = log_share(share);
      } else {
        out.at(at, older) += share;
      }
    }
  });
}

void CovisitationIndex::forget_item(ItemIndex item) {
  if (rows_.find(item) != nullptr) {
    Row& row = rows_.at(item);
    const std::lock_guard lock(locks_.of(item));
    for (const ItemIndex follower : row.items) --holders_[follower];
    row = Row{};
  }
  if (item >= holders_.size() || holders_[item] == 0) return;
  rows_.for_each([&](std::size_t from, const Row& seen) {
    const auto at =
        static_cast<std::size_t>(std::find(seen.items.begin(), seen.items.end(), item) - seen.items.begin());
    if (at == seen.items.size()) return;
    const std::lock_guard lock(locks_.of(from));
    remove(rows_.at(from), at);
  });
  holders_[item] = 0;
}

void CovisitationIndex::save(ByteWriter& out) const {
  std::size_t used = 0;
  rows_.for_each([&](std::size_t, const Row& row) { used += row.totals.empty() ? 0 : 1; });
  out.varint(used);
  rows_.for_each([&](std::size_t from, const Row& row) {
    if (row.totals.empty()) return;
    out.varint(from);
    out.fixed(row.time_ms);
    out.array<float>(row.totals);
    out.array<ItemIndex>(row.items);
    out.array<std::int64_t>(row.last_ms);
    out.array<float>(row.counts);
  });
}

Result<void> CovisitationIndex::load(ByteReader& in) {
  const Error corrupt{Errc::corrupt, "covisitation: not a saved state"};
  const std::uint64_t used = in.varint();
  for (std::uint64_t r = 0; r < used; ++r) {
    const std::uint64_t from = in.varint();
    if (!in.ok() || from >= max_items_) return corrupt;
    Row row;
    row.time_ms = read_time_ms(in);
    row.totals = in.array<float>();
    row.items = in.array<ItemIndex>();
    row.last_ms = in.array<std::int64_t>();
    row.counts = in.array<float>();
    const std::size_t size = row.items.size();
    if (!in.ok() || row.totals.size() != levels_ || size > max_neighbours_ || row.last_ms.size() != size ||
        row.counts.size() != size * levels_ || !std::ranges::all_of(row.last_ms, is_event_time)) {
      return corrupt;
    }
    for (const ItemIndex item : row.items) {
      if (item >= max_items_) return corrupt;
      if (holders_.size() <= item) holders_.resize(item + 1);
      ++holders_[item];
    }
    rows_.at(from) = std::move(row);
  }
  return in.ok() ? Result<void>{} : corrupt;
}

std::size_t CovisitationIndex::memory_bytes() const {
  std::size_t bytes = rows_.memory_bytes() + holders_.capacity() * sizeof(std::uint32_t);
  rows_.for_each([&](std::size_t, const Row& row) {
    bytes += (row.totals.capacity() + row.counts.capacity()) * sizeof(float) +
             row.items.capacity() * sizeof(ItemIndex) + row.last_ms.capacity() * sizeof(std::int64_t);
  });
  return bytes;
}

std::unique_ptr<Part> make_covisitation(const CovisitationOptions& options, std::size_t max_items) {
  return std::make_unique<LivePart<CovisitationIndex>>(std::make_shared<CovisitationIndex>(options, max_items));
}

}  // namespace freshet::online
