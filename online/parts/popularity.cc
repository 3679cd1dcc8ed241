// SPDX-License-Identifier: Apache-2.0
#include "online/parts/popularity.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/saved_time.h"
#include "online/kernels/logarithm.h"
#include "online/part/live_part.h"
#include "online/parts/hours.h"

namespace freshet::online {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr double kFloor = -8.0;            // log2 of a negligible count
constexpr std::size_t kPrefetch = 8;       // distance, in cells
constexpr std::size_t kMostPlaces = 4096;  // read under one lock

// log2(2^a + weight x 2^b)
double log_add(double a, double b, double weight) {
  const double added = b + std::log2(weight);
  const double high = std::max(a, added);
  return high + std::log2(1.0 + std::exp2(std::min(a, added) - high));
}

// Features: the own score, the other half-lives, the trends from each half-life to the next, and these.
enum Feature : std::size_t { kOwn, kOtherHalfLives };
enum FeatureAfterTrends : std::size_t { kLogCountEver, kLogAgeHours, kOpens, kRevisits };

// Arguments of the logarithms among one candidate's features.
struct Logarithms {
  float count = 1, age_hours = 1, opens = 1, revisits = 1;
};

// Habits are counted over an item's first events up to this weight: it is enough, and floats lose ones beyond it.
constexpr double kHabitual = 0x1p23;

// Share of an item's events, smoothed towards 1/8 while there are few.
float habit(float events, double count) {
  return (events + 0.5F) / (static_cast<float>(std::min(count, kHabitual)) + 4.0F);
}

double ms_since_epoch(Timestamp time) { return static_cast<double>(to_ms(time)); }

}  // namespace

class PopularityIndex::Counts final : public Query {
 public:
  void ask(const PopularityIndex& index, const Context& context) {
    index_ = &index;
    last_item_ = context.last_item();
    now_ = ms_since_epoch(context.now);
  }

  void propose(std::size_t k, const AllowedItems* allowed, std::vector<Candidate>& out) override;
  void write_features(std::span<const ItemIndex> items, FeatureColumns out) override;

 private:
  const PopularityIndex* index_ = nullptr;
  ItemIndex last_item_ = kNoItem;
  double now_ = 0;

  // buffers
  std::vector<Place> places_;
  std::vector<Logarithms> logarithms_;
};

PopularityIndex::PopularityIndex(const PopularityOptions& options, std::size_t max_items)
    : half_lives_ms_(hours_to_ms(options.half_life_hours)),
      own_(half_lives_ms_.size() / 2),
      max_items_(max_items),
      cells_(max_items) {
  FRESHET_CHECK(!half_lives_ms_.empty() && half_lives_ms_.size() <= kMaxHalfLives);
  names_.push_back("log_count");
  for (std::size_t h = 0; h < half_lives_ms_.size(); ++h) {
    if (h != own_) names_.push_back("log_count_" + std::to_string(h));
  }
  for (std::size_t h = 0; h + 1 < half_lives_ms_.size(); ++h) names_.push_back("trend_" + std::to_string(h));
  names_.push_back("log_count_ever");
  names_.insert(names_.end(), {"log_age_hours", "opens", "revisits"});
  features_.assign(names_.begin(), names_.end());
}

void PopularityIndex::ask(const Context& context, std::unique_ptr<Query>& query) const {
  reuse<Counts>(query).ask(*this, context);
}

void PopularityIndex::Counts::propose(std::size_t k, const AllowedItems* allowed, std::vector<Candidate>& out) {
  const double shift = now_ / index_->half_lives_ms_[index_->own_];
  const std::size_t wanted = out.size() + k;
  Place read_to;
  for (std::size_t count = k + 1; out.size() < wanted; count = std::min(4 * count, kMostPlaces)) {
    places_.clear();
    index_->next(read_to, count, places_);
    for (const Place& place : places_) {
      if (out.size() == wanted) break;
      if (place.item == last_item_ || (allowed != nullptr && !allowed->allows(place.item))) continue;
      out.push_back({place.item, static_cast<float>(place.score - shift)});
    }
    if (places_.size() < count) break;
  }
}

void PopularityIndex::next(Place& place, std::size_t count, std::vector<Place>& out) const {
  const std::size_t before = out.size();
  out.resize(before + count);  // written through a pointer: a list may pass over tens of thousands of items
  Place* next = out.data() + before;
  const Place* const end = next + count;
  {
    const std::lock_guard lock(order_mutex_);
    order_.visit_after(place, [&](const Place& visited) {
      if (next == end) return false;
      *next++ = visited;
      return true;
    });
  }
  out.resize(static_cast<std::size_t>(next - out.data()));
  if (out.size() > before) place = out.back();
}

void PopularityIndex::Counts::write_features(std::span<const ItemIndex> items, FeatureColumns out) {
  const std::size_t lives = index_->half_lives_ms_.size(), own_life = index_->own_;
  const auto& cells = index_->cells_;
  double shift[kMaxHalfLives];
  for (std::size_t h = 0; h < lives; ++h) shift[h] = now_ / index_->half_lives_ms_[h];
  const std::size_t trends = kOtherHalfLives + lives - 1, after_trends = trends + lives - 1;
  logarithms_.assign(items.size(), Logarithms{});
  for (std::size_t row = 0; row < items.size(); ++row) {
    if (row + kPrefetch < items.size()) __builtin_prefetch(cells.find(items[row + kPrefetch]));
    const Cell* cell = cells.find(items[row]);
    const double count = cell == nullptr ? 0.0 : cell->count.load(kRelaxed);
    float* other = &out.at(row, kOtherHalfLives);
    float* trend = &out.at(row, trends);
    float shorter = 0.0F;  // log_count at the previous half-life
    for (std::size_t h = 0; h < lives; ++h) {
      const double value = count > 0 ? cell->log_counts[h].load(kRelaxed) - shift[h] : kFloor;
      const auto log_count = static_cast<float>(std::max(value, kFloor));
      if (h == own_life) {
        out.at(row, kOwn) = static_cast<float>(value);  // not floored, so that it orders as propose() does
      } else {
        *other++ = log_count;
      }
      if (h > 0) *trend++ = shorter - log_count;
      shorter = log_count;
    }
    if (count == 0) continue;
    const double age_ms = std::max(0.0, now_ - static_cast<double>(cell->first_seen_ms.load(kRelaxed)));
    logarithms_[row] = {1.0F + static_cast<float>(count), 1.0F + static_cast<float>(age_ms / kMsPerHour),
                        habit(cell->opens.load(kRelaxed), count), habit(cell->revisits.load(kRelaxed), count)};
  }
  log2_each(logarithms_);
  for (std::size_t row = 0; row < items.size(); ++row) {
    out.at(row, after_trends + kLogCountEver) = logarithms_[row].count;
    out.at(row, after_trends + kLogAgeHours) = logarithms_[row].age_hours;
    out.at(row, after_trends + kOpens) = logarithms_[row].opens;
    out.at(row, after_trends + kRevisits) = logarithms_[row].revisits;
  }
}

void PopularityIndex::observe(const Context& before, const Interaction& event) {
  Cell& cell = cells_.at(event.item);
  const double time = ms_since_epoch(event.time);
  const double count = cell.count.load(kRelaxed);
  double own_before = 0.0;
  for (std::size_t h = 0; h < half_lives_ms_.size(); ++h) {
    const double at = time / half_lives_ms_[h];
    const double old = cell.log_counts[h].load(kRelaxed);
    const double after = count > 0 ? log_add(old, at, event.weight) : at + std::log2(event.weight);
    if (h == own_) own_before = old;
    cell.log_counts[h].store(after, kRelaxed);
  }
  if (count == 0) cell.first_seen_ms.store(to_ms(event.time), kRelaxed);
  cell.count.store(count + event.weight, kRelaxed);
  if (count < kHabitual) note_habits(cell, before, event);
  const std::lock_guard lock(order_mutex_);
  if (count > 0) order_.erase({own_before, event.item});
  order_.insert({cell.log_counts[own_].load(kRelaxed), event.item});
}

void PopularityIndex::note_habits(Cell& cell, const Context& before, const Interaction& event) {
  if (event.opens_session) cell.opens.store(cell.opens.load(kRelaxed) + event.weight, kRelaxed);
  if (std::ranges::find(before.session, event.item, &Visit::item) != before.session.end()) {
    cell.revisits.store(cell.revisits.load(kRelaxed) + event.weight, kRelaxed);
  }
}

void PopularityIndex::forget_item(ItemIndex item) {
  if (cells_.find(item) == nullptr) return;
  Cell& cell = cells_.at(item);
  if (cell.count.load(kRelaxed) == 0) return;
  cell.count.store(0, kRelaxed);
  cell.opens.store(0, kRelaxed);
  cell.revisits.store(0, kRelaxed);
  const std::lock_guard lock(order_mutex_);
  order_.erase({cell.log_counts[own_].load(kRelaxed), item});
}

void PopularityIndex::save(ByteWriter& out) const {
  out.varint(order_.size());
  cells_.for_each([&](std::size_t item, const Cell& cell) {
    if (cell.count.load(kRelaxed) == 0) return;
    out.varint(item);
    for (std::size_t h = 0; h < half_lives_ms_.size(); ++h) out.fixed(cell.log_counts[h].load(kRelaxed));
    out.fixed(cell.count.load(kRelaxed));
    out.fixed(cell.first_seen_ms.load(kRelaxed));
    out.fixed(cell.opens.load(kRelaxed));
    out.fixed(cell.revisits.load(kRelaxed));
  });
  out.varint(0);  // formerly the length of a list of the most popular items
}

Result<void> PopularityIndex::load(ByteReader& in) {
  const Error corrupt = not_a_saved_state(kPopularity.name);
  const std::uint64_t counted = in.varint();
  std::vector<Place> order;
  for (std::uint64_t i = 0; i < counted; ++i) {
    const std::uint64_t item = in.varint();
    if (!in.ok() || item >= max_items_) return corrupt;
    Cell& cell = cells_.at(item);
    if (cell.count.load(kRelaxed) != 0) return corrupt;
    for (std::size_t h = 0; h < half_lives_ms_.size(); ++h) cell.log_counts[h].store(in.fixed<double>(), kRelaxed);
    cell.count.store(in.fixed<double>(), kRelaxed);
    cell.first_seen_ms.store(read_time_ms(in), kRelaxed);
    cell.opens.store(in.fixed<float>(), kRelaxed);
    cell.revisits.store(in.fixed<float>(), kRelaxed);
    const double own = cell.log_counts[own_].load(kRelaxed);
    if (!(cell.count.load(kRelaxed) > 0) || !std::isfinite(own)) return corrupt;
    order.push_back({own, static_cast<ItemIndex>(item)});
  }
  if (in.varint() > counted || !in.ok()) return corrupt;
  const std::lock_guard lock(order_mutex_);
  order_.assign(std::move(order));
  return {};
}

std::size_t PopularityIndex::memory_bytes() const { return cells_.memory_bytes() + order_.memory_bytes(); }

std::unique_ptr<Part> make_popularity(const PopularityOptions& options, std::size_t max_items) {
  return std::make_unique<LivePart<PopularityIndex>>(std::make_shared<PopularityIndex>(options, max_items));
}

std::vector<Option<PopularityOptions>> PopularityOptions::describe() {
  return {option::rising_numbers("half_life_hours", &PopularityOptions::half_life_hours, 4,
                                 "Half-lives of the popularity counts, in hours.")};
}

constinit const PartKind kPopularity{
    .name = "popularity",
    .about = "exponentially decayed counts at several half-lives",
    .on_by_default = true,
    .describe = describe_part<PopularityOptions>,
    .fingerprint =
        [](const Options& options) {
          std::string text;
          for (const double hours : options.part<PopularityOptions>().half_life_hours) {
            text += " popularity " + std::to_string(hours);
          }
          return text;
        },
    .make =
        [](PartContext& context) {
          return make_popularity(context.options.part<PopularityOptions>(), context.options.max_items);
        },
};

}  // namespace freshet::online
