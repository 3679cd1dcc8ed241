#include "online/popularity.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <string>

#include "online/paged.h"

namespace freshet::online {
namespace {

constexpr std::size_t kHead = 1024;          // items kept sorted: the most that can be proposed
constexpr double kRebaseExponent = 60.0;     // of 2: far from overflow, rare
constexpr double kHitMemory = 1.0 - 1.0 / 2000;
constexpr std::size_t kHitDepth = 20;
constexpr std::int64_t kForgotten = INT64_MAX;

/// Counts of one half-life. A count is kept as mass = count * 2^((its time - reference) / half-life): adding needs no
/// touch of the others, and the order by mass is the order by decayed count.
class Decayed {
 public:
  Decayed(double half_life_ms, std::size_t max_items) : half_life_ms_(half_life_ms), mass_(max_items) {}

  void grow(std::size_t size) { mass_.grow(size); }

  void add(ItemIndex item, float weight, std::int64_t time_ms) {
    if (!started_) {
      reference_ms_.store(time_ms, std::memory_order_relaxed);
      started_ = true;
    }
    double exponent = this->exponent(time_ms);
    if (exponent > kRebaseExponent) {
      rebase(time_ms);
      exponent = 0;
    }
    const double mass = mass_.at(item).load(std::memory_order_relaxed) + weight * std::exp2(exponent);
    mass_.at(item).store(mass, std::memory_order_relaxed);
    raise(item);
  }

  /// What turns a mass into a count at `now_ms`.
  double factor(std::int64_t now_ms) const { return std::exp2(-std::clamp(exponent(now_ms), -500.0, 500.0)); }

  float log_count(ItemIndex item, double factor) const {
    if (item >= mass_.size()) return 0;
    return std::log1p(static_cast<float>(mass_.at(item).load(std::memory_order_relaxed) * factor));
  }

  /// Was `item` among the first kHitDepth before it was added? Remembered with decay.
  void score_hit(ItemIndex item) {
    const auto end = head_.begin() + static_cast<std::ptrdiff_t>(std::min(kHitDepth, head_.size()));
    hits_ = hits_ * kHitMemory + (std::find(head_.begin(), end, item) != end ? 1.0 : 0.0);
  }
  double hits() const { return hits_; }

  void copy_head(ItemIndex except, std::size_t k, std::int64_t now_ms, std::vector<Candidate>& out) const {
    const double to_count = factor(now_ms);
    std::lock_guard lock(mutex_);
    for (const ItemIndex item : head_) {
      if (k == 0) break;
      if (item == except) continue;
      out.push_back({item, log_count(item, to_count)});
      --k;
    }
  }

  void forget(ItemIndex item) {
    if (item >= mass_.size()) return;
    mass_.at(item).store(0, std::memory_order_relaxed);
    std::lock_guard lock(mutex_);
    const bool was_head = std::erase(head_, item) > 0;
    if (was_head && head_.size() == kHead - 1) rebuild_head();
  }

  void save(ByteWriter& out) const {
    out.fixed(static_cast<std::uint8_t>(started_));
    out.fixed(reference_ms_.load());
    out.fixed(hits_);
    out.varint(mass_.size());
    for (std::size_t item = 0; item < mass_.size(); ++item) out.fixed(mass_.at(item).load());
    out.array(std::span<const ItemIndex>(head_));
  }

  bool load(ByteReader& in, std::size_t max_items) {
    started_ = in.fixed<std::uint8_t>() != 0;
    reference_ms_ = in.fixed<std::int64_t>();
    hits_ = in.fixed<double>();
    const std::uint64_t size = in.varint();
    if (!in.ok() || size > max_items || size > in.remaining() / sizeof(double)) return false;
    mass_.grow(size);
    for (std::size_t item = 0; item < size; ++item) mass_.at(item).store(in.fixed<double>());
    std::lock_guard lock(mutex_);
    head_ = in.array<ItemIndex>();
    return in.ok() && head_.size() <= kHead && std::ranges::all_of(head_, [&](ItemIndex item) { return item < size; });
  }

  std::size_t memory_bytes() const { return mass_.size() * sizeof(double) + kHead * sizeof(ItemIndex); }

 private:
  double exponent(std::int64_t time_ms) const {
    return static_cast<double>(time_ms - reference_ms_.load(std::memory_order_relaxed)) / half_life_ms_;
  }

  double mass(ItemIndex item) const { return mass_.at(item).load(std::memory_order_relaxed); }

  /// Heavier first; ties to the smaller number.
  bool before(ItemIndex a, ItemIndex b) const { return mass(a) != mass(b) ? mass(a) > mass(b) : a < b; }

  /// Moves `item`, whose mass has just grown, to its place in the head.
  void raise(ItemIndex item) {
    if (head_.size() == kHead && before(head_.back(), item)) return;
    std::lock_guard lock(mutex_);
    auto at = std::ranges::find(head_, item);
    if (at == head_.end()) {
      if (head_.size() == kHead) head_.pop_back();
      head_.push_back(item);
      at = head_.end() - 1;
    }
    for (; at != head_.begin() && before(*at, *(at - 1)); --at) std::iter_swap(at, at - 1);
  }

  void rebase(std::int64_t time_ms) {
    const double factor = std::exp2(-exponent(time_ms));
    for (std::size_t item = 0; item < mass_.size(); ++item) {
      auto& mass = mass_.at(item);
      mass.store(mass.load(std::memory_order_relaxed) * factor, std::memory_order_relaxed);
    }
    reference_ms_.store(time_ms, std::memory_order_relaxed);
    std::lock_guard lock(mutex_);
    rebuild_head();  // tiny masses have become equal (zero); keep the order exact
  }

  void rebuild_head() {
    head_.clear();
    for (std::size_t item = 0; item < mass_.size(); ++item) {
      if (mass(static_cast<ItemIndex>(item)) > 0) head_.push_back(static_cast<ItemIndex>(item));
    }
    const auto by_mass = [this](ItemIndex a, ItemIndex b) { return before(a, b); };
    if (head_.size() > kHead) {
      std::ranges::nth_element(head_, head_.begin() + kHead, by_mass);
      head_.resize(kHead);
    }
    std::ranges::sort(head_, by_mass);
  }

  const double half_life_ms_;
  bool started_ = false;
  std::atomic<std::int64_t> reference_ms_{0};
  Paged<std::atomic<double>> mass_;
  double hits_ = 0;
  mutable std::mutex mutex_;
  std::vector<ItemIndex> head_;  // written by the learner thread under mutex_
};

class Popularity final : public Part, public Scorer {
 public:
  Popularity(const PopularityOptions& options, std::size_t max_items)
      : max_items_(max_items), first_seen_ms_(max_items) {
    for (const double hours : options.half_life_hours) {
      decayed_.push_back(std::make_unique<Decayed>(hours * 3'600'000.0, max_items));
    }
    // A count that never decays, as one with a half-life of a million years.
    decayed_.push_back(std::make_unique<Decayed>(1e6 * 365 * 86'400'000.0, max_items));
    feature_texts_.push_back("own");
    for (const double hours : options.half_life_hours) feature_texts_.push_back("count_" + std::to_string(hours) + "h");
    feature_texts_.push_back("count_ever");
    feature_texts_.push_back("age");
    feature_names_.assign(feature_texts_.begin(), feature_texts_.end());
  }

  std::string_view name() const override { return "popularity"; }
  std::span<const std::string_view> features() const override { return feature_names_; }

  void propose(const Context& context, std::size_t k, std::vector<Candidate>& out) const override {
    best().copy_head(context.last_item(), k, to_ms(context.now), out);
  }

  void score(const Context& context, std::span<const ItemIndex> candidates, FeatureColumns out) const override {
    const std::int64_t now_ms = to_ms(context.now);
    const Decayed& own = best();
    std::size_t feature = 1;
    for (const auto& decayed : decayed_) {
      const double factor = decayed->factor(now_ms);
      for (std::size_t row = 0; row < candidates.size(); ++row) {
        out.at(row, feature) = decayed->log_count(candidates[row], factor);
        if (decayed.get() == &own) out.at(row, 0) = out.at(row, feature);
      }
      ++feature;
    }
    for (std::size_t row = 0; row < candidates.size(); ++row) {
      const ItemIndex item = candidates[row];
      const bool known = item < first_seen_ms_.size();
      const std::int64_t first = known ? first_seen_ms_.at(item).load(std::memory_order_relaxed) : 0;
      out.at(row, feature) = std::log1p(static_cast<float>(std::max<std::int64_t>(0, now_ms - first)) / 3'600'000.0F);
    }
  }

  const Scorer& live() const override { return *this; }
  std::shared_ptr<const Scorer> publish() override { return {std::shared_ptr<const Scorer>(), this}; }

  void observe(const Context&, const Interaction& event) override {
    const std::int64_t time_ms = to_ms(event.time);
    if (event.item >= first_seen_ms_.size()) {
      const std::size_t known = first_seen_ms_.size();
      first_seen_ms_.grow(event.item + 1);
      for (std::size_t item = known; item <= event.item; ++item) first_seen_ms_.at(item) = time_ms;
      for (const auto& decayed : decayed_) decayed->grow(event.item + 1);
    }
    if (first_seen_ms_.at(event.item) == kForgotten) first_seen_ms_.at(event.item) = time_ms;
    for (const auto& decayed : decayed_) decayed->score_hit(event.item);
    for (const auto& decayed : decayed_) decayed->add(event.item, event.weight, time_ms);
    std::size_t best = best_.load(std::memory_order_relaxed);
    for (std::size_t i = 0; i < decayed_.size(); ++i) {
      // A little more than equal, so that near ties do not flicker.
      if (decayed_[i]->hits() > decayed_[best]->hits() * 1.02) best = i;
    }
    best_.store(best, std::memory_order_relaxed);
  }

  void forget_item(ItemIndex item) override {
    for (const auto& decayed : decayed_) decayed->forget(item);
    if (item < first_seen_ms_.size()) first_seen_ms_.at(item) = kForgotten;
  }

  void erase(std::uint64_t) override {}  // sums over everybody hold nobody's trace

  void save(ByteWriter& out) const override {
    out.varint(best_.load());
    out.varint(first_seen_ms_.size());
    for (std::size_t item = 0; item < first_seen_ms_.size(); ++item) out.fixed(first_seen_ms_.at(item).load());
    for (const auto& decayed : decayed_) decayed->save(out);
  }

  Result<void> load(ByteReader& in) override {
    const Error corrupt{Errc::corrupt, "popularity: damaged"};
    const std::uint64_t best = in.varint(), size = in.varint();
    if (!in.ok() || best >= decayed_.size() || size > max_items_ || size > in.remaining() / 8) return corrupt;
    best_ = best;
    first_seen_ms_.grow(size);
    for (std::size_t item = 0; item < size; ++item) first_seen_ms_.at(item) = in.fixed<std::int64_t>();
    for (const auto& decayed : decayed_) {
      if (!decayed->load(in, max_items_)) return corrupt;
    }
    return {};
  }

  std::size_t memory_bytes() const override {
    std::size_t bytes = first_seen_ms_.size() * sizeof(std::int64_t);
    for (const auto& decayed : decayed_) bytes += decayed->memory_bytes();
    return bytes;
  }

 private:
  const Decayed& best() const { return *decayed_[best_.load(std::memory_order_relaxed)]; }

  const std::size_t max_items_;
  std::vector<std::unique_ptr<Decayed>> decayed_;
  Paged<std::atomic<std::int64_t>> first_seen_ms_;
  std::atomic<std::size_t> best_{0};
  std::vector<std::string> feature_texts_;
  std::vector<std::string_view> feature_names_;
};

}  // namespace

std::unique_ptr<Part> make_popularity(const PopularityOptions& options, std::size_t max_items) {
  return std::make_unique<Popularity>(options, max_items);
}

}  // namespace freshet::online
