// SPDX-License-Identifier: Apache-2.0
#include "online/parts/covisitation_query.h"

#include <algorithm>

#include "base/clock.h"
#include "online/kernels/kernels.h"
#include "online/kernels/logarithm.h"
#include "online/part/top_k.h"

namespace freshet::online {
namespace {

constexpr float kHoursPerMs = 1.0F / static_cast<float>(kMsPerHour);
constexpr float kReverseShare = 0.25F;  // weight of what came before the item
constexpr float kSmoothing = 0.5F;      // imagined links elsewhere: one sighting is no certainty
constexpr std::size_t kCacheLine = 64;

// Features. Between the first and the second group are those of the last item's row, one per level.
enum Feature : std::size_t { kOwn, kLast };
enum FeatureAfterLevels : std::size_t { kSecondLast, kOlder, kLogCount, kRecency };

void prefetch(const void* memory, std::size_t size) {
  const auto* bytes = static_cast<const std::byte*>(memory);
  for (std::size_t at = 0; at < size; at += kCacheLine) __builtin_prefetch(bytes + at);
}

}  // namespace

std::vector<std::string> CovisitationIndex::Followers::feature_names(std::size_t levels) {
  std::vector<std::string> names{"own"};
  for (std::size_t level = 0; level < levels; ++level) names.push_back("last_" + std::to_string(level));
  names.insert(names.end(), {"second_last", "older", "log_count", "recency"});
  return names;
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

// Rows are scattered over a large memory: all are prefetched before the first is read, so that the misses overlap.
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

// An item's share of the row's counts, averaged over the levels.
void CovisitationIndex::Followers::share_out(const Row& row) {
  const std::size_t used = index_->half_lives_ms_.size() + 1;  // half-lives and never
  shares_.assign(row.items.size(), 0.0F);
  const auto add = [&](std::size_t level, float weight) {
    const float factor = weight / ((row.totals[level] + kSmoothing) * static_cast<float>(used));
    add_scaled(row.counts.data() + level * row.capacity, factor, shares_.size(), shares_.data());
  };
  for (std::size_t level = 0; level < used; ++level) add(level, 1.0F);
  add(used + 1, kReverseShare);
}

void CovisitationIndex::Followers::propose(std::size_t k, const AllowedItems* allowed, std::vector<Candidate>& out) {
  candidates_.resize(followers_.size());
  std::ranges::transform(followers_, candidates_.begin(), [](const Follower& f) { return Candidate{f.item, f.own}; });
  if (const std::uint32_t at = place_of_.find(last_item_); at != ItemTable::kAbsent) {
    candidates_[at] = candidates_.back();
    candidates_.pop_back();
  }
  keep_allowed(allowed, candidates_);
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

}  // namespace freshet::online
