#include "online/parts/covisitation.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/check.h"
#include "base/saved_time.h"
#include "online/containers/item_table.h"
#include "online/kernels/kernels.h"
#include "online/kernels/logarithm.h"
#include "online/part/live_part.h"
#include "online/part/top_k.h"

namespace freshet::online {
namespace {

constexpr double kMsPerHour = 3'600'000.0;
constexpr float kHoursPerMs = 1 / 3.6e6F;
constexpr float kNoShare = 0x1p-12F;       // as good as none
constexpr float kReverseShare = 0.25F;     // what came before the item may come after it
constexpr float kSmoothing = 0.5F;         // imagined links elsewhere: one sighting is no certainty
constexpr float kMostCounted = 0x1p23F;    // at a level of a row; a float does not count further than twice that
constexpr std::int64_t kDecayMs = 60'000;  // smaller steps are lost in a float's rounding
constexpr std::size_t kMaxLevels = 6;      // with the most half-lives that may be configured
constexpr std::size_t kFirstCapacity = 4;  // of a row
constexpr std::size_t kCacheLine = 64;

std::vector<double> to_milliseconds(const std::vector<double>& hours) {
  std::vector<double> ms;
  for (const double h : hours) ms.push_back(h * kMsPerHour);
  return ms;
}

/// Features; the levels of the last item's row lie between the first and the others, whose places depend on how many
/// levels there are.
enum Feature : std::size_t { kOwn, kLast };
enum FeatureAfterLevels : std::size_t { kSecondLast, kOlder, kLogCount, kRecency };

// The features of one candidate that are logarithms, before the logarithm is taken.
struct Logarithms {
  float last[kMaxLevels] = {kNoShare, kNoShare, kNoShare, kNoShare, kNoShare, kNoShare};
  float second = kNoShare;
  float count = 1.0F;
};

void prefetch(const void* memory, std::size_t size) {
  const auto* bytes = static_cast<const std::byte*>(memory);
  for (std::size_t at = 0; at < size; at += kCacheLine) __builtin_prefetch(bytes + at);
}

}  // namespace

class CovisitationIndex::Followers final : public Query {
 public:
  void ask(const CovisitationIndex& index, const Context& context);
  void propose(std::size_t k, std::vector<Candidate>& out) override;
  void write_features(std::span<const ItemIndex> items, FeatureColumns out) override;

 private:
  struct Follower {
    ItemIndex item = kNoItem;
    float own = 0;     // score
    float second = 0;  // share of the row of the last item but one
    float older = 0;   // ... of the rows before it
  };

  void read_rows();
  void read_row(std::size_t back, const Row& row);
  void share_out(const Row& row);

  // the question
  const CovisitationIndex* index_ = nullptr;
  std::int64_t now_ms_ = 0;
  ItemIndex last_item_ = kNoItem;
  std::array<ItemIndex, kQueryItems> asked_;  // newest first; kNoItem for a repeat, and beyond the start of the session

  // the answer
  ItemTable place_of_;               // by item
  std::vector<Follower> followers_;  // of all rows; those of the last item come first, in the order of its row
  Row last_;                         // that of the last item

  // buffers
  std::vector<float> shares_;  // of the row that is read: what each of its items has of its counts
  std::vector<Candidate> candidates_;
  std::vector<Logarithms> logarithms_;
};

CovisitationIndex::CovisitationIndex(const CovisitationOptions& options, std::size_t max_items)
    : half_lives_ms_(to_milliseconds(options.half_life_hours)),
      levels_(half_lives_ms_.size() + 3),
      max_neighbors_(options.max_neighbors),
      window_(options.window),
      max_items_(max_items),
      rows_(max_items) {
  FRESHET_CHECK(!half_lives_ms_.empty() && levels_ <= kMaxLevels);
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
    float* counts = &row.counts[h * row.capacity];
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
      --holders_[row.items[least]];
      remove(row, least);
      --at;
    }
    if (at == row.capacity) reserve(row, std::min(max_neighbors_, std::max(kFirstCapacity, 2 * at)));
    row.items.push_back(to);
    row.last_ms.push_back(time);
    if (holders_.size() <= to) holders_.resize(to + std::size_t{1});
    ++holders_[to];
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
      // what counts are decayed to: a late event counts less by then, one of the last minute more
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

void CovisitationIndex::Followers::ask(const CovisitationIndex& index, const Context& context) {
  index_ = &index;
  now_ms_ = to_ms(context.now);
  last_item_ = context.last_item();
  asked_.fill(kNoItem);
  for (std::size_t back = 0; back < std::min(kQueryItems, context.session.size()); ++back) {
    const ItemIndex item = context.session[context.session.size() - 1 - back].item;
    const auto end = asked_.begin() + static_cast<std::ptrdiff_t>(back);
    if (std::find(asked_.begin(), end, item) == end) asked_[back] = item;  // a row counts once, at its newest place
  }
  read_rows();
}

// Rows are scattered over a large memory: prefetched all at once, they arrive together.
void CovisitationIndex::Followers::read_rows() {
  place_of_.clear();
  followers_.clear();
  last_.items.clear();
  std::array<const Row*, kQueryItems> rows{};
  for (std::size_t back = 0; back < kQueryItems; ++back) {
    if (asked_[back] != kNoItem) rows[back] = index_->rows_.find(asked_[back]);
    if (rows[back] != nullptr) prefetch(rows[back], sizeof(Row));
  }
  const auto for_each_row = [&](auto visit) {
    for (std::size_t back = 0; back < kQueryItems; ++back) {
      if (rows[back] == nullptr) continue;
      const std::lock_guard lock(index_->locks_.of(asked_[back]));
      if (!rows[back]->items.empty()) visit(back, *rows[back]);
    }
  };
  for_each_row([](std::size_t, const Row& row) {
    prefetch(row.totals.data(), 1);
    prefetch(row.items.data(), row.items.size() * sizeof(ItemIndex));
    prefetch(row.counts.data(), row.counts.size() * sizeof(float));
  });
  for_each_row([this](std::size_t back, const Row& row) { read_row(back, row); });
}

void CovisitationIndex::Followers::read_row(std::size_t back, const Row& row) {
  if (back == 0) last_ = row;
  share_out(row);
  const float nearness = 1.0F / static_cast<float>(back + 1);
  auto count = static_cast<std::uint32_t>(followers_.size());
  followers_.resize(count + row.items.size());
  for (std::size_t i = 0; i < row.items.size(); ++i) {
    const std::uint32_t at = place_of_.find_or_insert(row.items[i], count);
    Follower& follower = followers_[at];
    if (at == count) {
      follower.item = row.items[i];
      ++count;
    }
    follower.own += shares_[i] * nearness;
    if (back == 1) follower.second = shares_[i];
    if (back > 1) follower.older += shares_[i];
  }
  followers_.resize(count);
}

// An item's share is averaged over the levels.
void CovisitationIndex::Followers::share_out(const Row& row) {
  const std::size_t used = index_->half_lives_ms_.size() + 1;  // half-lives and never
  shares_.assign(row.items.size(), 0.0F);
  const auto add = [&](std::size_t level, float weight) {
    const float factor = weight / ((row.totals[level] + kSmoothing) * static_cast<float>(used));
    add_scaled(&row.counts[level * row.capacity], factor, shares_.size(), shares_.data());
  };
  for (std::size_t level = 0; level < used; ++level) add(level, 1.0F);
  add(used + 1, kReverseShare);
}

void CovisitationIndex::Followers::propose(std::size_t k, std::vector<Candidate>& out) {
  candidates_.resize(followers_.size());
  std::ranges::transform(followers_, candidates_.begin(), [](const Follower& f) { return Candidate{f.item, f.own}; });
  if (const std::uint32_t at = place_of_.find(last_item_); at != ItemTable::kAbsent) {
    candidates_[at] = candidates_.back();
    candidates_.pop_back();
  }
  keep_best(candidates_, k);
  out.insert(out.end(), candidates_.begin(), candidates_.end());
}

void CovisitationIndex::Followers::write_features(std::span<const ItemIndex> items, FeatureColumns out) {
  const std::size_t levels = index_->levels_, never = index_->half_lives_ms_.size();
  float inverse_totals[kMaxLevels];
  for (std::size_t level = 0; level < last_.totals.size(); ++level) {
    inverse_totals[level] = 1.0F / (last_.totals[level] + kSmoothing);
  }
  const std::size_t after_levels = kLast + levels;
  logarithms_.assign(items.size(), Logarithms{});
  for (std::size_t row = 0; row < items.size(); ++row) {
    const std::uint32_t at = place_of_.find(items[row]);
    const Follower follower = at == ItemTable::kAbsent ? Follower{} : followers_[at];
    out.at(row, kOwn) = follower.own;
    out.at(row, after_levels + kOlder) = follower.older;
    out.at(row, after_levels + kRecency) = 0.0F;
    logarithms_[row].second = std::max(kNoShare, follower.second);
    if (at >= last_.items.size()) continue;
    const float* counts = &last_.counts[at];
    for (std::size_t level = 0; level < levels; ++level) {
      logarithms_[row].last[level] = std::max(kNoShare, counts[level * last_.capacity] * inverse_totals[level]);
    }
    logarithms_[row].count = 1.0F + counts[never * last_.capacity];
    const float hours_ago = static_cast<float>(now_ms_ - last_.last_ms[at]) * kHoursPerMs;
    out.at(row, after_levels + kRecency) = 1.0F / (1.0F + std::max(0.0F, hours_ago));
  }
  log2_each(logarithms_);
  for (std::size_t row = 0; row < items.size(); ++row) {
    for (std::size_t level = 0; level < levels; ++level) out.at(row, kLast + level) = logarithms_[row].last[level];
    out.at(row, after_levels + kSecondLast) = logarithms_[row].second;
    out.at(row, after_levels + kLogCount) = logarithms_[row].count;
  }
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

// Saved counts are [items][levels].
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
