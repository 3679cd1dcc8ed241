#include "online/parts/session_knn.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/check.h"
#include "base/saved_time.h"
#include "online/kernels/logarithm.h"
#include "online/part/live_part.h"
#include "online/part/top_k.h"
#include "online/parts/vote_table.h"

namespace freshet::online {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr double kMsPerDay = 86'400'000.0;
constexpr std::size_t kPrefetch = 32, kPrefetchRest = 16;  // neighbors ahead of the one that is read
constexpr float kNoVote = 1e-6F;                           // too small to matter; keeps a division defined
constexpr float kNoShare = 1e-3F;                          // the least share, so that its logarithm is defined

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

// Shares of its votes that a session gives to an item, by the item's distance from the match plus kMaxSessionItems.
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

// Bit i is set if items[i] is the item. The session is as SessionTable reads it.
std::uint64_t places_of(ItemIndex item, const ItemIndex* items, std::size_t count) {
  std::uint64_t places = 0;
  for (std::size_t i = 0; i < SessionTable::kItemsInLine; ++i) places |= std::uint64_t{items[i] == item} << i;
  for (std::size_t i = SessionTable::kItemsInLine; i < count; ++i) places |= std::uint64_t{items[i] == item} << i;
  return places;
}

}  // namespace

class SessionKnnIndex::Votes final : public Query {
 public:
  void ask(const SessionKnnIndex& index, const Context& context);
  void propose(std::size_t k, std::vector<Candidate>& out) override;
  void write_features(std::span<const ItemIndex> items, FeatureColumns out) override;

 private:
  struct Session {
    const ItemIndex* items = nullptr;
    std::uint32_t count = 0;
    std::uint32_t shared = 0;
    std::int64_t time_ms = 0;
  };
  struct Voted {
    std::size_t row;
    const VoteTable::Vote* vote;
  };
  struct Logarithms {
    float votes, idf_votes, recent_votes, votes_after, voters, share, share_after;
  };

  void find_neighbors();
  void read(std::span<const NearestSessions::Neighbor> neighbors, SessionNumber newest);
  void count_votes();

  // the question
  const SessionKnnIndex* index_ = nullptr;
  std::uint64_t session_key_ = 0;
  std::int64_t now_ms_ = 0, start_ms_ = 0;
  std::size_t asked_count_ = 0;
  std::array<ItemIndex, kQueryItems> asked_{};  // the newest first

  // the answer
  VoteTable votes_;           // a vote that does not count has no voters
  float sessions_there_ = 0;  // in the index

  // buffers
  NearestSessions nearest_;
  std::vector<std::uint32_t> ages_;
  std::vector<std::size_t> slots_;
  std::vector<ItemIndex> items_;
  std::vector<Session> sessions_;
  std::vector<Candidate> candidates_;
  std::vector<Voted> voted_;
  std::vector<float> idf_;
  std::vector<Logarithms> logarithms_;
};

SessionKnnIndex::SessionKnnIndex(const SessionKnnOptions& options, std::size_t max_items)
    : options_(options),
      max_sessions_(static_cast<SessionNumber>(options.max_sessions)),
      max_items_(max_items),
      sessions_(options.max_sessions),
      postings_(max_items),
      occurrences_(max_items),
      user_keys_(options.max_sessions) {
  FRESHET_CHECK(options.max_sessions > 0 && options.max_session_items <= kMaxSessionItems);
}

std::span<const std::string_view> SessionKnnIndex::features() const {
  static constexpr std::array<std::string_view, kFeatures> kNames{
      "own",        "log_votes", "log_idf_votes",  "log_recent_votes", "log_votes_after",
      "log_voters", "log_share", "log_share_after"};
  return kNames;
}

void SessionKnnIndex::ask(const Context& context, std::unique_ptr<Query>& query) const {
  reuse<Votes>(query).ask(*this, context);
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
      end += age < index_->max_sessions_ ? 1 : 0;  // else its slot is another session's by now
    }
    ends[i + 1] = static_cast<std::size_t>(end - ages_.data());
  }
  std::array<std::span<const std::uint32_t>, kQueryItems> holders;
  for (std::size_t i = 0; i < asked_count_; ++i) holders[i] = {ages_.data() + ends[i], ages_.data() + ends[i + 1]};
  read(nearest_.find({holders.data(), asked_count_}, index_->options_.neighbors), newest);
}

// Sessions are scattered over a large memory, and waiting for one at a time would take longer than counting: each is
// prefetched long before it is copied.
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
    if (session.key == session_key_ && session.time_ms >= start_ms_) continue;  // itself
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
    const auto back = static_cast<std::size_t>(std::countr_zero(shared));  // of the newest item shared; 0: the last
    const std::uint64_t matches = places_of(asked_[back], items, count);
    if (matches == 0) continue;  // the shared items have been dropped: only the newest are kept
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
  // Cheaper than checking every item first.
  votes_.drop(asked_.front());
  votes_.drop(kNoItem);
}

void SessionKnnIndex::Votes::propose(std::size_t k, std::vector<Candidate>& out) {
  candidates_.clear();
  for (const VoteTable::Vote& vote : votes_.votes()) {
    if (vote.voters > 0) candidates_.push_back({vote.item, vote.sums[kOwn]});
  }
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
    } else {  // what the logarithms below would be without a vote
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

void SessionKnnIndex::post(ItemIndex item, SessionNumber number) {
  Postings& postings = postings_.at(item);
  const std::lock_guard lock(posting_locks_.of(item));
  if (postings.newest.size() < options_.max_sessions_per_item) {
    postings.newest.push_back(number);
  } else {
    postings.newest[postings.next] = number;
    postings.next = static_cast<std::uint32_t>((postings.next + 1) % postings.newest.size());
  }
}

void SessionKnnIndex::clear(std::size_t slot, const IndexedSession& session, std::span<const ItemIndex> items) {
  for (const ItemIndex item : items) {
    if (item != kNoItem) occurrences_.at(item).fetch_sub(1, kRelaxed);
  }
  const auto newest = newest_of_.find(session.key);
  if (newest != newest_of_.end() && newest->second == session.number) newest_of_.erase(newest);
  indexed_.fetch_sub(1, kRelaxed);
  sessions_.clear(slot);
  user_keys_.at(slot) = 0;
}

// Appends to the session that is being changed, and posts it under the item if it is not there yet.
void SessionKnnIndex::add_item(ItemIndex item) {
  const std::span items(items_.data(), changed_.count);
  const bool known = std::find(items.begin(), items.end(), item) != items.end();
  if (items.size() == options_.max_session_items) {
    if (items.front() != kNoItem) occurrences_.at(items.front()).fetch_sub(1, kRelaxed);
    std::shift_left(items.begin(), items.end(), 1);
    --changed_.count;
  }
  items_[changed_.count++] = item;
  occurrences_.at(item).fetch_add(1, kRelaxed);
  if (!known) post(item, changed_.number);
}

// Makes the session that `event` goes on with the one that is being changed.
void SessionKnnIndex::open(const Context& before, const Interaction& event) {
  const auto known = newest_of_.find(event.session_key);
  if (known != newest_of_.end() && sessions_.read(slot_of(known->second), changed_, items_.data()) &&
      changed_.time_ms >= to_ms(before.session.front().time)) {
    return;
  }
  const SessionNumber number = next_number_.load(kRelaxed);
  if (sessions_.read(slot_of(number), changed_, items_.data())) {
    clear(slot_of(number), changed_, {items_.data(), changed_.count});
  }
  changed_.key = event.session_key;
  changed_.number = number;
  changed_.time_ms = to_ms(before.session.back().time);
  changed_.count = 0;
  user_keys_.at(slot_of(number)) = event.user_key;
  newest_of_[event.session_key] = number;
  indexed_.fetch_add(1, kRelaxed);
  next_number_.store(number + 1, kRelaxed);
  for (const Visit& visit : before.session) add_item(visit.item);
}

void SessionKnnIndex::observe(const Context& before, const Interaction& event) {
  if (event.opens_session || before.session.empty()) return;
  open(before, event);
  add_item(event.item);
  changed_.time_ms = std::max(changed_.time_ms, to_ms(event.time));
  sessions_.write(slot_of(changed_.number), changed_, items_.data());
  if (event.user_key != 0) user_keys_.at(slot_of(changed_.number)) = event.user_key;
}

void SessionKnnIndex::forget_item(ItemIndex item) {
  if (postings_.find(item) == nullptr) return;
  if (occurrences_.at(item).load(kRelaxed) > 0) {
    sessions_.for_each([&](std::size_t slot, const IndexedSession& session, std::span<ItemIndex> items) {
      if (std::find(items.begin(), items.end(), item) == items.end()) return;
      std::replace(items.begin(), items.end(), item, kNoItem);
      sessions_.write(slot, session, items.data());
    });
    occurrences_.at(item).store(0, kRelaxed);
  }
  {
    Postings& postings = postings_.at(item);
    const std::lock_guard lock(posting_locks_.of(item));
    postings.newest = {};
    postings.next = 0;
  }
}

void SessionKnnIndex::erase(std::uint64_t key) {
  sessions_.for_each([&](std::size_t slot, const IndexedSession& session, std::span<const ItemIndex> items) {
    if (session.key == key || user_keys_.at(slot) == key) clear(slot, session, items);
  });
  find_newest_of_keys();
}

void SessionKnnIndex::find_newest_of_keys() {
  newest_of_.clear();
  const SessionNumber next = next_number_.load(kRelaxed);
  sessions_.for_each([&](std::size_t, const IndexedSession& session, std::span<const ItemIndex>) {
    const auto [known, added] = newest_of_.emplace(session.key, session.number);
    if (!added && next - session.number < next - known->second) known->second = session.number;
  });
}

void SessionKnnIndex::save(ByteWriter& out) const {
  out.fixed(next_number_.load(kRelaxed));
  out.varint(indexed_.load(kRelaxed));
  sessions_.for_each([&](std::size_t slot, const IndexedSession& session, std::span<const ItemIndex> items) {
    out.fixed(session.number);
    out.fixed(session.key);
    out.fixed(*user_keys_.find(slot));
    out.fixed(session.time_ms);
    out.array(items);
  });
  std::size_t posted = 0;
  postings_.for_each([&](std::size_t, const Postings& postings) { posted += postings.newest.empty() ? 0 : 1; });
  out.varint(posted);
  postings_.for_each([&](std::size_t item, const Postings& postings) {
    if (postings.newest.empty()) return;
    out.varint(item);
    out.varint(postings.next);
    out.array<SessionNumber>(postings.newest);
  });
}

Result<void> SessionKnnIndex::load(ByteReader& in) {
  const Error corrupt{Errc::corrupt, "session_knn: not a saved state"};
  next_number_.store(in.fixed<SessionNumber>(), kRelaxed);
  const std::uint64_t sessions = in.varint();
  if (!in.ok() || sessions > options_.max_sessions) return corrupt;
  for (std::uint64_t s = 0; s < sessions; ++s) {
    IndexedSession session, other;
    std::array<ItemIndex, kMaxSessionItems> others_items;
    session.number = in.fixed<SessionNumber>();
    session.key = in.fixed<std::uint64_t>();
    user_keys_.at(slot_of(session.number)) = in.fixed<std::uint64_t>();
    session.time_ms = read_time_ms(in);
    const std::vector<ItemIndex> items = in.array<ItemIndex>();
    const bool valid = in.ok() && session.key != 0 && items.size() <= options_.max_session_items &&
                       std::all_of(items.begin(), items.end(),
                                   [this](ItemIndex item) { return item == kNoItem || item < max_items_; });
    if (!valid || sessions_.read(slot_of(session.number), other, others_items.data())) return corrupt;
    session.count = static_cast<std::uint32_t>(items.size());
    for (const ItemIndex item : items) {
      if (item != kNoItem) occurrences_.at(item).fetch_add(1, kRelaxed);
    }
    sessions_.write(slot_of(session.number), session, items.data());
  }
  find_newest_of_keys();
  indexed_.store(static_cast<std::uint32_t>(sessions), kRelaxed);
  const std::uint64_t posted = in.varint();
  for (std::uint64_t p = 0; p < posted; ++p) {
    const std::uint64_t item = in.varint();
    const std::uint64_t place = in.varint();
    std::vector<SessionNumber> newest = in.array<SessionNumber>();
    if (!in.ok() || item >= max_items_ || newest.size() > options_.max_sessions_per_item || place >= newest.size()) {
      return corrupt;
    }
    Postings& postings = postings_.at(item);
    postings.newest = std::move(newest);
    postings.next = static_cast<std::uint32_t>(place);
  }
  return in.ok() ? Result<void>{} : corrupt;
}

std::size_t SessionKnnIndex::memory_bytes() const {
  std::size_t bytes = sessions_.memory_bytes() + postings_.memory_bytes() + occurrences_.memory_bytes() +
                      user_keys_.memory_bytes() + newest_of_.size() * 40;
  postings_.for_each([&](std::size_t, const Postings& p) { bytes += p.newest.capacity() * sizeof(SessionNumber); });
  return bytes;
}

std::unique_ptr<Part> make_session_knn(const SessionKnnOptions& options, std::size_t max_items) {
  return std::make_unique<LivePart<SessionKnnIndex>>(std::make_shared<SessionKnnIndex>(options, max_items));
}

std::vector<Option<SessionKnnOptions>> SessionKnnOptions::describe() {
  return {
      option::integer("max_sessions", &SessionKnnOptions::max_sessions, {10, 100 * option::kMillion},
                      "Largest number of sessions in the index. Beyond it the oldest is replaced."),
      option::integer("max_sessions_per_item", &SessionKnnOptions::max_sessions_per_item, {1, 100'000},
                      "Newest sessions kept per item."),
      option::integer("neighbors", &SessionKnnOptions::neighbors, {1, 10'000},
                      "Number of nearest sessions that vote on a list.")
          .formerly("neighbours"),
      option::integer("max_session_items", &SessionKnnOptions::max_session_items,
                      {2, SessionKnnIndex::kMaxSessionItems}, "Newest items kept of an indexed session."),
  };
}

constinit const PartKind kSessionKnn{
    .name = "session_knn",
    .about = "streaming VMIS-kNN over the newest sessions",
    .on_by_default = true,
    .describe = describe_part<SessionKnnOptions>,
    .fingerprint =
        [](const Options& options) {
          const auto& own = options.part<SessionKnnOptions>();
          return " sessions " + std::to_string(own.max_sessions) + " per_item " +
                 std::to_string(own.max_sessions_per_item) + " session_items " + std::to_string(own.max_session_items);
        },
    .make =
        [](PartContext& context) {
          return make_session_knn(context.options.part<SessionKnnOptions>(), context.options.max_items);
        },
};

}  // namespace freshet::online
