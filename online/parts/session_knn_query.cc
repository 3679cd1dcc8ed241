// SPDX-License-Identifier: Apache-2.0
#include "online/parts/session_knn_query.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/clock.h"
#include "online/kernels/logarithm.h"
#include "online/part/top_k.h"

namespace freshet::online {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr double kMsPerDay = 24 * kMsPerHour;
constexpr std::size_t kPrefetch = 32, kPrefetchRest = 16;  // distance, in neighbors
constexpr float kNoVote = 1e-6F;                           // negligible; keeps a division defined
constexpr float kNoShare = 1e-3F;                          // added to shares; keeps logarithms defined

using Sums = VoteTable::Sums;
enum Sum : std::size_t { kPlain, kRecent, kAfter, kOwn };

enum Feature : std::size_t {
  kOwnScore,
  kLogVotes,
  kLogIdfVotes,
  kLogRecentVotes,
  kLogVotesAfter,
  kLogVoters,
  kLogShare,
  kLogShareAfter,
  kFeatures
};

// kShares[d + kMaxSessionItems]: share of a session's vote for the item at distance d from the match (below 0: before).
constexpr auto kShares = [] {
  constexpr std::size_t kReach = SessionKnnIndex::kMaxSessionItems;
  std::array<Sums, 2 * kReach> shares{};
  for (std::size_t s = 0; s < shares.size(); ++s) {
    const bool after = s > kReach;
    const std::size_t places = after ? s - kReach : kReach - s;
    const float nearness = 1.0F / static_cast<float>(std::max<std::size_t>(places, 1));
    shares[s] = Sums{1.0F, 1.0F, after ? nearness : 0.0F, after ? nearness : 0.5F * nearness};
  }
  return shares;
}();

// Bit i is set if items[i] is the item. `items` is as SessionTable::read() fills it.
std::uint64_t places_of(ItemIndex item, const ItemIndex* items, std::size_t count) {
  std::uint64_t places = 0;
  for (std::size_t i = 0; i < SessionTable::kItemsInLine; ++i) places |= std::uint64_t{items[i] == item} << i;
  for (std::size_t i = SessionTable::kItemsInLine; i < count; ++i) places |= std::uint64_t{items[i] == item} << i;
  return places;
}

}  // namespace

std::span<const std::string_view> SessionKnnIndex::Votes::features() {
  static constexpr std::array<std::string_view, kFeatures> kNames{
      "own",        "log_votes", "log_idf_votes",  "log_recent_votes", "log_votes_after",
      "log_voters", "log_share", "log_share_after"};
  return kNames;
}

void SessionKnnIndex::Votes::ask(const SessionKnnIndex& index, const Context& context) {
  index_ = &index;
  session_key_ = context.session_key;
  now_ms_ = to_ms(context.now);
  start_ms_ = context.session.empty() ? now_ms_ : to_ms(context.session.front().time);
  asked_ = {};
  asked_count_ = 0;
  for (std::size_t back = 1; back <= context.session.size() && asked_count_ < kQueryItems; ++back) {
    const ItemIndex item = context.session[context.session.size() - back].item;
    const auto end = asked_.begin() + static_cast<std::ptrdiff_t>(asked_count_);
    if (std::find(asked_.begin(), end, item) == end) asked_[asked_count_++] = item;
  }
  sessions_there_ = static_cast<float>(index.indexed_.load(kRelaxed));
  find_neighbors();
  count_votes();
}

void SessionKnnIndex::Votes::find_neighbors() {
  const SessionNumber newest = index_->next_number_.load(kRelaxed) - 1;
  std::array<std::size_t, kQueryItems + 1> ends{};
  for (std::size_t i = 0; i < asked_count_; ++i) {
    ages_.resize(ends[i]);
    if (const Postings* postings = index_->postings_.find(asked_[i])) {
      const std::lock_guard lock(index_->posting_locks_.of(asked_[i]));
      ages_.insert(ages_.end(), postings->newest.begin(), postings->newest.end());
    }
    std::uint32_t* end = ages_.data() + ends[i];
    for (std::size_t n = ends[i]; n < ages_.size(); ++n) {
      const std::uint32_t age = newest - ages_[n];
      *end = age;
      end += age < index_->max_sessions_ ? 1 : 0;  // of an older session the slot has been reused
    }
    ends[i + 1] = static_cast<std::size_t>(end - ages_.data());
  }
  std::array<std::span<const std::uint32_t>, kQueryItems> holders;
  for (std::size_t i = 0; i < asked_count_; ++i) holders[i] = {ages_.data() + ends[i], ages_.data() + ends[i + 1]};
  read(nearest_.find({holders.data(), asked_count_}, index_->options_.neighbors), newest);
}

// Sessions are scattered over a large memory, and a cache miss for each would take longer than counting its votes, so
// each is prefetched long before it is copied.
void SessionKnnIndex::Votes::read(std::span<const NearestSessions::Neighbor> neighbors, SessionNumber newest) {
  slots_.clear();
  for (const auto& neighbor : neighbors) slots_.push_back(index_->slot_of(newest - neighbor.age));
  items_.resize(std::max(items_.size(), neighbors.size() * kMaxSessionItems));
  sessions_.clear();
  ItemIndex* items = items_.data();
  const SessionTable& table = index_->sessions_;
  for (std::size_t n = 0; n < neighbors.size(); ++n) {
    if (n + kPrefetch < neighbors.size()) table.prefetch(slots_[n + kPrefetch]);
    if (n + kPrefetchRest < neighbors.size()) table.prefetch_rest(slots_[n + kPrefetchRest]);
    IndexedSession session;
    if (!table.read(slots_[n], session, items) || session.number != newest - neighbors[n].age) continue;
    if (session.key == session_key_ && session.time_ms >= start_ms_) continue;  // the context's own session
    sessions_.push_back({items, session.count, neighbors[n].shared, session.time_ms});
    items += std::max<std::size_t>(session.count, SessionTable::kItemsInLine);
  }
}

void SessionKnnIndex::Votes::count_votes() {
  std::size_t most = 0;
  for (const Session& session : sessions_) most += session.count;
  votes_.start(most);
  std::uint32_t voters = 0;
  for (const auto& [items, count, shared, time_ms] : sessions_) {
    if (voters == index_->options_.neighbors) break;
    const auto back = static_cast<std::size_t>(std::countr_zero(shared));  // the newest shared item: asked_[back]
    const std::uint64_t matches = places_of(asked_[back], items, count);
    if (matches == 0) continue;  // the session has dropped the item since: it keeps its newest ones
    const auto match = static_cast<std::size_t>(std::bit_width(matches) - 1);
    const float similarity = nearest_.similarity(shared);
    const float vote = similarity * similarity * (1.0F - 0.1F * static_cast<float>(back));
    const double age_days = std::max(0.0, static_cast<double>(now_ms_ - time_ms) / kMsPerDay);
    const float recent = vote / (1.0F + static_cast<float>(age_days) * 4.0F);
    const Sums sums{vote, recent, vote, recent};
    const Sums* shares = &kShares[kMaxSessionItems - match];
    for (std::size_t i = 0; i < count; ++i) votes_.add(items[i], voters, sums * shares[i]);
    ++voters;
  }
  // Cheaper than a check of every item above.
  votes_.drop(asked_.front());
  votes_.drop(kNoItem);
}

void SessionKnnIndex::Votes::propose(std::size_t k, const AllowedItems* allowed, std::vector<Candidate>& out) {
  candidates_.clear();
  for (const VoteTable::Vote& vote : votes_.votes()) {
    if (vote.voters > 0) candidates_.push_back({vote.item, vote.sums[kOwn]});
  }
  keep_allowed(allowed, candidates_);
  keep_best(candidates_, k);
  out.insert(out.end(), candidates_.begin(), candidates_.end());
}

void SessionKnnIndex::Votes::write_features(std::span<const ItemIndex> items, FeatureColumns out) {
  voted_.clear();
  idf_.clear();
  logarithms_.clear();
  float all_own = kNoVote, all_after = kNoVote;
  for (const VoteTable::Vote& vote : votes_.votes()) {
    all_own += vote.sums[kOwn];
    all_after += vote.sums[kAfter];
  }
  const float no_share = std::log2(kNoShare);
  for (std::size_t row = 0; row < items.size(); ++row) {
    const VoteTable::Vote* vote = votes_.find(items[row]);
    if (vote != nullptr) {
      const auto* occurrences = index_->occurrences_.find(vote->item);
      const auto with = static_cast<float>(occurrences == nullptr ? 0 : occurrences->load(kRelaxed));
      idf_.push_back((1.0F + sessions_there_) / (1.0F + with));
      voted_.push_back({row, vote});
    } else {  // equals the logarithms below for no votes
      for (std::size_t feature = kOwnScore; feature < kLogShare; ++feature) out.at(row, feature) = 0.0F;
      out.at(row, kLogShare) = out.at(row, kLogShareAfter) = no_share;
    }
  }
  log2_each(idf_.data(), idf_.size());
  const auto scaled = [](float votes) { return 1.0F + 8.0F * votes; };
  for (std::size_t v = 0; v < voted_.size(); ++v) {
    const VoteTable::Vote& vote = *voted_[v].vote;
    logarithms_.push_back({.votes = scaled(vote.sums[kPlain]),
                           .idf_votes = scaled(vote.sums[kPlain] * std::max(0.0F, idf_[v])),
                           .recent_votes = scaled(vote.sums[kRecent]),
                           .votes_after = scaled(vote.sums[kAfter]),
                           .voters = scaled(static_cast<float>(vote.voters)),
                           .share = kNoShare + vote.sums[kOwn] / all_own,
                           .share_after = kNoShare + vote.sums[kAfter] / all_after});
  }
  log2_each(logarithms_);
  for (std::size_t v = 0; v < voted_.size(); ++v) {
    const auto& [row, vote] = voted_[v];
    out.at(row, kOwnScore) = vote->sums[kOwn];
    out.at(row, kLogVotes) = logarithms_[v].votes;
    out.at(row, kLogIdfVotes) = logarithms_[v].idf_votes;
    out.at(row, kLogRecentVotes) = logarithms_[v].recent_votes;
    out.at(row, kLogVotesAfter) = logarithms_[v].votes_after;
    out.at(row, kLogVoters) = logarithms_[v].voters;
    out.at(row, kLogShare) = logarithms_[v].share;
    out.at(row, kLogShareAfter) = logarithms_[v].share_after;
  }
}

}  // namespace freshet::online
