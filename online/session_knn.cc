#include "online/session_knn.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "online/best.h"
#include "online/item_table.h"
#include "online/live_part.h"
#include "online/saved_time.h"

namespace freshet::online {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr double kMsPerDay = 86'400'000.0;
constexpr std::size_t kCacheLine = 64;
constexpr std::size_t kPrefetch = 8;  // sessions ahead of the one that votes
constexpr float kNoVote = 1e-6F;      // so small that it only keeps a division defined

float scaled(float votes) { return std::log2(1.0F + 8.0F * votes); }
float log_share(float share) { return std::log2(share + 1e-3F); }

// What an item counts so many places from the match.
constexpr auto kNearness = [] {
  std::array<float, SessionKnnIndex::kMaxSessionItems> nearness{};
  for (std::size_t d = 0; d < nearness.size(); ++d)
    nearness[d] = 1.0F / static_cast<float>(std::max(d, std::size_t{1}));
  return nearness;
}();

std::uint64_t next_instance() {
  static std::atomic<std::uint64_t> instances{0};
  return ++instances;
}

}  // namespace

// What one thread knows of its last question.
struct SessionKnnIndex::Query {
  struct Asked {
    ItemIndex item = kNoItem;
    std::uint32_t back = 0;  // 0: the newest item
    float weight = 0;
  };

  // the question
  std::uint64_t instance = 0, version = 0, session_key = 0;
  std::int64_t now_ms = 0, start_ms = 0;
  std::size_t asked_count = 0;
  std::array<Asked, kQueryItems> asked;

  // the answer
  ItemTable neighbour_of;  // by session number
  std::vector<Neighbour> neighbours;
  ItemTable vote_for;  // by item; many fewer than sessions, so that it stays in the nearest cache
  std::vector<Vote> votes;

  // buffers
  std::vector<SessionNumber> postings;

  static Query& mine() {
    thread_local Query query;
    return query;
  }
};

SessionKnnIndex::SessionKnnIndex(const SessionKnnOptions& options, std::size_t max_items)
    : options_(options),
      max_items_(max_items),
      instance_(next_instance()),
      sessions_(options.max_sessions),
      postings_(max_items) {
  FRESHET_CHECK(options.max_sessions > 0 && options.max_session_items <= kMaxSessionItems);
}

std::span<const std::string_view> SessionKnnIndex::features() const {
  static constexpr std::array<std::string_view, 8> kNames{
      "own",        "log_votes", "log_idf_votes",  "log_recent_votes", "log_votes_after",
      "log_voters", "log_share", "log_share_after"};
  return kNames;
}

const SessionKnnIndex::Query& SessionKnnIndex::ask(const Context& context, std::uint64_t changes) const {
  Query& query = Query::mine();
  const std::uint64_t version = version_.load(std::memory_order_acquire);
  const std::int64_t now = to_ms(context.now);
  const std::int64_t start = context.session.empty() ? now : to_ms(context.session.front().time);
  std::array<Query::Asked, kQueryItems> asked;
  std::size_t count = 0;
  for (std::size_t back = 0; back < context.session.size() && count < kQueryItems; ++back) {
    const ItemIndex item = context.session[context.session.size() - 1 - back].item;
    const auto end = asked.begin() + static_cast<std::ptrdiff_t>(count);
    if (std::none_of(asked.begin(), end, [item](const auto& other) { return other.item == item; })) {
      asked[count] = {item, static_cast<std::uint32_t>(count), 0.0F};
      ++count;
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    asked[i].weight = static_cast<float>(count - i) / static_cast<float>(count);
  }
  const bool same = query.instance == instance_ && version - query.version <= changes &&
                    query.session_key == context.session_key && query.now_ms == now && query.start_ms == start &&
                    query.asked_count == count &&
                    std::equal(asked.begin(), asked.begin() + static_cast<std::ptrdiff_t>(count), query.asked.begin(),
                               [](const auto& a, const auto& b) { return a.item == b.item; });
  if (!same) {
    query.instance = instance_;
    query.version = version;
    query.session_key = context.session_key;
    query.now_ms = now;
    query.start_ms = start;
    query.asked_count = count;
    query.asked = asked;
    find_neighbours(query);
    collect_votes(context, query);
  }
  return query;
}

void SessionKnnIndex::find_neighbours(Query& query) const {
  query.neighbour_of.clear();
  query.neighbours.clear();
  const SessionNumber next = next_number_.load(kRelaxed);
  for (std::size_t i = 0; i < query.asked_count; ++i) {
    const Query::Asked& asked = query.asked[i];
    const Postings* postings = postings_.find(asked.item);
    if (postings == nullptr) continue;
    {
      const std::lock_guard lock(posting_locks_.of(asked.item));
      query.postings.assign(postings->newest.begin(), postings->newest.end());
    }
    for (const SessionNumber number : query.postings) {
      if (next - number > options_.max_sessions) continue;  // its slot is another session's by now
      const auto fresh = static_cast<std::uint32_t>(query.neighbours.size());
      const std::uint32_t at = query.neighbour_of.find_or_insert(number, fresh);
      if (at == fresh) query.neighbours.push_back({number, asked.back, 0.0F});
      query.neighbours[at].similarity += asked.weight;
    }
  }
  // The nearest, the newer one in doubt; and the next one, who votes if this very session is among them.
  const auto nearer = [next](const Neighbour& a, const Neighbour& b) {
    return a.similarity != b.similarity ? a.similarity > b.similarity : next - a.number < next - b.number;
  };
  if (query.neighbours.size() > options_.neighbours) {
    const auto after = query.neighbours.begin() + static_cast<std::ptrdiff_t>(options_.neighbours);
    std::nth_element(query.neighbours.begin(), after, query.neighbours.end(), nearer);
    query.neighbours.erase(after + 1, query.neighbours.end());
  }
}

void SessionKnnIndex::collect_votes(const Context& context, Query& query) const {
  query.vote_for.clear();
  query.votes.clear();
  std::size_t voters = 0;
  for (std::size_t n = 0; n < query.neighbours.size() && voters < options_.neighbours; ++n) {
    // Sessions lie all over a large memory: waiting for one at a time would take longer than counting.
    if (n + kPrefetch < query.neighbours.size()) prefetch(query.neighbours[n + kPrefetch].number);
    const Neighbour& neighbour = query.neighbours[n];
    const std::size_t slot = slot_of(neighbour.number);
    const Session* session = sessions_.find(slot);
    if (session == nullptr) continue;
    const std::lock_guard lock(session_locks_.of(slot));
    if (session->session_key == 0 || session->number != neighbour.number) continue;
    const bool itself = session->session_key == query.session_key && session->time_ms >= query.start_ms;
    if (!itself && vote(*session, neighbour, context.last_item(), query)) ++voters;
  }
}

// False if the session has outgrown what it shared: only its newest items are kept.
bool SessionKnnIndex::vote(const Session& session, const Neighbour& neighbour, ItemIndex except, Query& query) {
  const auto& items = session.items;
  const ItemIndex matched = query.asked[neighbour.back].item;
  std::size_t match = items.size();
  for (std::size_t i = 0; i < items.size(); ++i) match = items[i] == matched ? i : match;
  if (match == items.size()) return false;
  const float vote = neighbour.similarity * neighbour.similarity * (1.0F - 0.1F * static_cast<float>(neighbour.back));
  const double age_days = std::max(0.0, static_cast<double>(query.now_ms - session.time_ms) / kMsPerDay);
  const float recent = vote / (1.0F + static_cast<float>(age_days) * 4.0F);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i] == except || items[i] == kNoItem) continue;
    const auto fresh = static_cast<std::uint32_t>(query.votes.size());
    const std::uint32_t at = query.vote_for.find_or_insert(items[i], fresh);
    if (at == fresh) query.votes.push_back({items[i]});
    Vote& sum = query.votes[at];
    if (sum.voters > 0 && sum.newest_voter == session.number) continue;  // a session votes for an item once
    sum.newest_voter = session.number;
    const float nearness = kNearness[i > match ? i - match : match - i];
    sum.plain += vote;
    sum.recent += recent;
    sum.after += i > match ? vote * nearness : 0.0F;
    sum.own += (i > match ? 1.0F : 0.5F) * recent * nearness;
    ++sum.voters;
  }
  return true;
}

void SessionKnnIndex::prefetch(SessionNumber number) const {
  const auto* session = reinterpret_cast<const std::byte*>(sessions_.find(slot_of(number)));
  for (std::size_t at = 0; at < sizeof(Session); at += kCacheLine) __builtin_prefetch(session + at);
}

void SessionKnnIndex::propose(const Context& context, std::size_t k, std::vector<Candidate>& out) const {
  const Query& query = ask(context, 0);
  thread_local std::vector<Candidate> candidates;
  candidates.clear();
  for (const Vote& vote : query.votes) candidates.push_back({vote.item, vote.own});
  keep_best(candidates, k);
  out.insert(out.end(), candidates.begin(), candidates.end());
}

void SessionKnnIndex::score(const Context& context, std::span<const ItemIndex> candidates, FeatureColumns out) const {
  const Query& query = ask(context, kRequestChanges);  // what propose() found
  const auto sessions = static_cast<float>(indexed_.load(kRelaxed));
  const float no_share = log_share(0.0F);
  float all_own = kNoVote, all_after = kNoVote;
  for (const Vote& vote : query.votes) {
    all_own += vote.own;
    all_after += vote.after;
  }
  for (std::size_t row = 0; row < candidates.size(); ++row) {
    const std::uint32_t at = query.vote_for.find(candidates[row]);
    if (at == ItemTable::kAbsent) {  // what the logarithms below make of no vote at all
      for (std::size_t f = 0; f < 6; ++f) out.at(row, f) = 0.0F;
      out.at(row, 6) = out.at(row, 7) = no_share;
      continue;
    }
    const Vote& vote = query.votes[at];
    const Postings* postings = postings_.find(vote.item);
    const auto with = static_cast<float>(postings == nullptr ? 0 : postings->occurrences.load(kRelaxed));
    const float idf = std::log2((1.0F + sessions) / (1.0F + with));
    out.at(row, 0) = vote.own;
    out.at(row, 1) = scaled(vote.plain);
    out.at(row, 2) = scaled(vote.plain * std::max(0.0F, idf));
    out.at(row, 3) = scaled(vote.recent);
    out.at(row, 4) = scaled(vote.after);
    out.at(row, 5) = scaled(static_cast<float>(vote.voters));
    out.at(row, 6) = log_share(vote.own / all_own);
    out.at(row, 7) = log_share(vote.after / all_after);
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

void SessionKnnIndex::clear(Session& session) {
  if (session.session_key == 0) return;
  for (const ItemIndex item : session.items) {
    if (item != kNoItem) postings_.at(item).occurrences.fetch_sub(1, kRelaxed);
  }
  const auto newest = newest_of_.find(session.session_key);
  if (newest != newest_of_.end() && newest->second == session.number) newest_of_.erase(newest);
  indexed_.fetch_sub(1, kRelaxed);
  const std::lock_guard lock(session_locks_.of(slot_of(session.number)));
  session.session_key = 0;
  session.user_key = 0;
  session.items.clear();
}

// Appends to a session of the index, and posts it under the item if it is not there yet.
void SessionKnnIndex::add_item(Session& session, ItemIndex item) {
  const bool known = std::find(session.items.begin(), session.items.end(), item) != session.items.end();
  {
    const std::lock_guard lock(session_locks_.of(slot_of(session.number)));
    if (session.items.size() == options_.max_session_items) {
      const ItemIndex dropped = session.items.front();
      if (dropped != kNoItem) postings_.at(dropped).occurrences.fetch_sub(1, kRelaxed);
      session.items.erase(session.items.begin());
    }
    session.items.push_back(item);
  }
  postings_.at(item).occurrences.fetch_add(1, kRelaxed);
  if (!known) post(item, session.number);
}

// The index's record of the session that `event` goes on with.
SessionKnnIndex::Session& SessionKnnIndex::open(const Context& before, const Interaction& event) {
  const auto newest = newest_of_.find(event.session_key);
  if (newest != newest_of_.end()) {
    Session& session = sessions_.at(slot_of(newest->second));
    if (session.time_ms >= to_ms(before.session.front().time)) return session;
  }
  const SessionNumber number = next_number_.load(kRelaxed);
  Session& session = sessions_.at(slot_of(number));
  clear(session);
  {
    const std::lock_guard lock(session_locks_.of(slot_of(number)));
    session.session_key = event.session_key;
    session.user_key = event.user_key;
    session.number = number;
    session.time_ms = to_ms(before.session.back().time);
  }
  newest_of_[event.session_key] = number;
  indexed_.fetch_add(1, kRelaxed);
  next_number_.store(number + 1, kRelaxed);
  for (const Visit& visit : before.session) add_item(session, visit.item);
  return session;
}

void SessionKnnIndex::observe(const Context& before, const Interaction& event) {
  if (event.opens_session || before.session.empty()) return;
  Session& session = open(before, event);
  add_item(session, event.item);
  {
    const std::lock_guard lock(session_locks_.of(slot_of(session.number)));
    session.time_ms = std::max(session.time_ms, to_ms(event.time));
    if (event.user_key != 0) session.user_key = event.user_key;
  }
  version_.fetch_add(1, std::memory_order_release);
}

void SessionKnnIndex::forget_item(ItemIndex item) {
  if (postings_.find(item) == nullptr) return;
  Postings& postings = postings_.at(item);
  if (postings.occurrences.load(kRelaxed) > 0) {
    sessions_.for_each([&](std::size_t slot, const Session& seen) {
      if (std::find(seen.items.begin(), seen.items.end(), item) == seen.items.end()) return;
      Session& session = sessions_.at(slot);
      const std::lock_guard lock(session_locks_.of(slot));
      std::replace(session.items.begin(), session.items.end(), item, kNoItem);
    });
    postings.occurrences.store(0, kRelaxed);
  }
  {
    const std::lock_guard lock(posting_locks_.of(item));
    postings.newest = {};
    postings.next = 0;
  }
  version_.fetch_add(kRequestChanges + 1, std::memory_order_release);
}

void SessionKnnIndex::erase(std::uint64_t key) {
  sessions_.for_each([&](std::size_t slot, const Session& session) {
    if (session.session_key != 0 && (session.session_key == key || session.user_key == key)) clear(sessions_.at(slot));
  });
  find_newest_of_keys();
  version_.fetch_add(kRequestChanges + 1, std::memory_order_release);
}

void SessionKnnIndex::find_newest_of_keys() {
  newest_of_.clear();
  const SessionNumber next = next_number_.load(kRelaxed);
  sessions_.for_each([&](std::size_t, const Session& session) {
    if (session.session_key == 0) return;
    const auto [known, added] = newest_of_.emplace(session.session_key, session.number);
    if (!added && next - session.number < next - known->second) known->second = session.number;
  });
}

void SessionKnnIndex::save(ByteWriter& out) const {
  out.fixed(next_number_.load(kRelaxed));
  out.varint(indexed_.load(kRelaxed));
  sessions_.for_each([&](std::size_t, const Session& session) {
    if (session.session_key == 0) return;
    out.fixed(session.number);
    out.fixed(session.session_key);
    out.fixed(session.user_key);
    out.fixed(session.time_ms);
    out.array(std::span<const ItemIndex>(session.items));
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
    Session session;
    session.number = in.fixed<SessionNumber>();
    session.session_key = in.fixed<std::uint64_t>();
    session.user_key = in.fixed<std::uint64_t>();
    session.time_ms = read_time_ms(in);
    const std::vector<ItemIndex> items = in.array<ItemIndex>();
    session.items.assign(items.begin(), items.end());
    const bool valid = in.ok() && session.session_key != 0 && session.items.size() <= options_.max_session_items &&
                       std::all_of(session.items.begin(), session.items.end(),
                                   [this](ItemIndex item) { return item == kNoItem || item < max_items_; });
    if (!valid || sessions_.at(slot_of(session.number)).session_key != 0) return corrupt;
    for (const ItemIndex item : session.items) {
      if (item != kNoItem) postings_.at(item).occurrences.fetch_add(1, kRelaxed);
    }
    sessions_.at(slot_of(session.number)) = std::move(session);
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
  version_.fetch_add(kRequestChanges + 1, std::memory_order_release);
  return in.ok() ? Result<void>{} : corrupt;
}

std::size_t SessionKnnIndex::memory_bytes() const {
  std::size_t bytes = sessions_.memory_bytes() + postings_.memory_bytes() + newest_of_.size() * 40;
  sessions_.for_each([&](std::size_t, const Session& s) {
    bytes += s.items.capacity() > kUsualItems ? s.items.capacity() * sizeof(ItemIndex) : 0;
  });
  postings_.for_each([&](std::size_t, const Postings& p) { bytes += p.newest.capacity() * sizeof(SessionNumber); });
  return bytes;
}

std::unique_ptr<Part> make_session_knn(const SessionKnnOptions& options, std::size_t max_items) {
  return std::make_unique<LivePart<SessionKnnIndex>>(std::make_shared<SessionKnnIndex>(options, max_items));
}

}  // namespace freshet::online
