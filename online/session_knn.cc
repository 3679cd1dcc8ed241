#include "online/session_knn.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <mutex>
#include <unordered_map>

#include "online/item_map.h"
#include "online/paged.h"

namespace freshet::online {
namespace {

constexpr std::size_t kLocks = 64;
constexpr std::size_t kQueryItems = 9;             // newest distinct items of the session that are looked up
constexpr float kRecencyHalfLifeHours = 24.0F;     // of the recency-weighted feature

/// Sessions are numbered 1, 2, 3, ...; session n lives in slot n % max_sessions until session n + max_sessions comes.
using SessionNumber = std::uint32_t;

struct Session {
  SessionNumber number = 0;
  std::uint64_t session_key = 0, user_key = 0;
  std::int64_t last_ms = 0;
  std::vector<ItemIndex> items;  // distinct, in order of first visit
};

/// The newest sessions that contain an item, oldest first.
struct Posting {
  std::vector<SessionNumber> sessions;  // a ring once full
  std::size_t next = 0;
  std::uint32_t total = 0;  // sessions ever, for the inverse document frequency
};

/// What the neighbours say about one item.
struct Votes {
  float with_idf = 0, without_idf = 0, recent = 0;
  std::uint32_t neighbours = 0;
};

/// The answer to one query, kept so that scoring does not repeat what proposing did.
struct Answer {
  const void* index = nullptr;
  std::uint64_t version = 0;
  std::vector<Visit> session;
  Timestamp now{};

  ItemMap items;
  std::vector<Votes> votes;  // by slot of items
  float best = 0;            // largest with_idf
};

constexpr std::array<std::string_view, 5> kFeatures{"own", "share", "share_without_idf", "share_recent", "neighbours"};

class SessionKnn final : public Part, public Scorer {
 public:
  SessionKnn(const SessionKnnOptions& options, std::size_t max_items)
      : options_(options), max_items_(max_items), sessions_(options.max_sessions), postings_(max_items) {}

  std::string_view name() const override { return "session_knn"; }
  std::span<const std::string_view> features() const override { return kFeatures; }

  void propose(const Context& context, std::size_t k, std::vector<Candidate>& out) const override {
    const Answer& answer = query(context);
    const auto first = static_cast<std::ptrdiff_t>(out.size());
    for (std::size_t slot = 0; slot < answer.votes.size(); ++slot) {
      const ItemIndex item = answer.items.keys()[slot];
      if (item != context.last_item()) out.push_back({item, own_score(answer, answer.votes[slot])});
    }
    const auto better = [](const Candidate& a, const Candidate& b) {
      return a.score != b.score ? a.score > b.score : a.item < b.item;
    };
    const auto count = static_cast<std::ptrdiff_t>(std::min(k, out.size() - static_cast<std::size_t>(first)));
    std::partial_sort(out.begin() + first, out.begin() + first + count, out.end(), better);
    out.resize(static_cast<std::size_t>(first + count));
  }

  void score(const Context& context, std::span<const ItemIndex> candidates, FeatureColumns out) const override {
    const Answer& answer = query(context);
    const float scale = answer.best > 0 ? 1.0F / answer.best : 0.0F;
    for (std::size_t row = 0; row < candidates.size(); ++row) {
      const std::uint32_t slot = answer.items.find(candidates[row]);
      const Votes votes = slot == ItemMap::kAbsent ? Votes{} : answer.votes[slot];
      out.at(row, 0) = own_score(answer, votes);
      out.at(row, 1) = votes.with_idf * scale;
      out.at(row, 2) = std::log1p(votes.without_idf);
      out.at(row, 3) = std::log1p(votes.recent);
      out.at(row, 4) = std::log1p(static_cast<float>(votes.neighbours));
    }
  }

  const Scorer& live() const override { return *this; }
  std::shared_ptr<const Scorer> publish() override { return {std::shared_ptr<const Scorer>(), this}; }

  void observe(const Context&, const Interaction& event) override {
    postings_.grow(std::max<std::size_t>(postings_.size(), event.item + std::size_t{1}));
    const SessionNumber number = open_session(event);
    Session& session = sessions_[number % options_.max_sessions];
    {
      const std::lock_guard lock(session_lock(number));
      session.last_ms = std::max(session.last_ms, to_ms(event.time));
      if (session.items.size() >= options_.max_session_items || std::ranges::count(session.items, event.item) > 0) return;
      session.items.push_back(event.item);
    }
    const std::lock_guard lock(item_lock(event.item));
    add_posting(postings_.at(event.item), number);
    version_.fetch_add(1, std::memory_order_release);
  }

  void forget_item(ItemIndex item) override {
    if (item >= postings_.size()) return;
    std::vector<SessionNumber> holders;
    {
      const std::lock_guard lock(item_lock(item));
      holders = std::move(postings_.at(item).sessions);
      postings_.at(item) = {};
    }
    // Sessions older than the posting reaches may name the item too.
    if (holders.size() < options_.max_sessions_per_item) {
      for (const SessionNumber number : holders) remove_from_session(number, item);
    } else {
      for (const Session& session : sessions_) remove_from_session(session.number, item);
    }
    version_.fetch_add(1, std::memory_order_release);
  }

  void erase(std::uint64_t key) override {
    for (Session& session : sessions_) {
      if (session.number == 0 || (session.session_key != key && session.user_key != key)) continue;
      open_.erase(session.session_key);
      const std::lock_guard lock(session_lock(session.number));
      session = {};  // postings to it lead nowhere now
    }
    version_.fetch_add(1, std::memory_order_release);
  }

  void save(ByteWriter& out) const override {
    out.fixed(newest_.load());
    out.varint(postings_.size());
    for (std::size_t item = 0; item < postings_.size(); ++item) {
      const Posting& posting = postings_.at(item);
      out.array(std::span<const SessionNumber>(posting.sessions));
      out.varint(posting.next);
      out.fixed(posting.total);
    }
    for (const Session& session : sessions_) {
      out.fixed(session.number);
      if (session.number == 0) continue;
      out.fixed(session.session_key);
      out.fixed(session.user_key);
      out.fixed(session.last_ms);
      out.array(std::span<const ItemIndex>(session.items));
      const auto open = open_.find(session.session_key);
      out.fixed(static_cast<std::uint8_t>(open != open_.end() && open->second == session.number));
    }
  }

  Result<void> load(ByteReader& in) override {
    const Error corrupt{Errc::corrupt, "session_knn: damaged"};
    newest_ = in.fixed<SessionNumber>();
    const std::uint64_t size = in.varint();
    if (!in.ok() || size > max_items_ || size > in.remaining()) return corrupt;
    postings_.grow(size);
    for (std::size_t item = 0; item < size; ++item) {
      Posting& posting = postings_.at(item);
      posting.sessions = in.array<SessionNumber>();
      posting.next = in.varint();
      posting.total = in.fixed<std::uint32_t>();
      if (!in.ok() || posting.sessions.size() > options_.max_sessions_per_item ||
          posting.next >= options_.max_sessions_per_item) {
        return corrupt;
      }
    }
    for (std::size_t slot = 0; slot < sessions_.size(); ++slot) {
      Session& session = sessions_[slot];
      session.number = in.fixed<SessionNumber>();
      if (session.number == 0) continue;
      session.session_key = in.fixed<std::uint64_t>();
      session.user_key = in.fixed<std::uint64_t>();
      session.last_ms = in.fixed<std::int64_t>();
      session.items = in.array<ItemIndex>();
      if (in.fixed<std::uint8_t>() != 0) open_[session.session_key] = session.number;
      if (!in.ok() || session.number % options_.max_sessions != slot ||
          std::ranges::any_of(session.items, [&](ItemIndex item) { return item >= size; })) {
        return corrupt;
      }
    }
    if (!in.ok()) return corrupt;
    return {};
  }

  std::size_t memory_bytes() const override {
    std::size_t bytes = sessions_.size() * sizeof(Session) + open_.size() * 40;
    for (const Session& session : sessions_) bytes += session.items.capacity() * sizeof(ItemIndex);
    for (std::size_t item = 0; item < postings_.size(); ++item) {
      bytes += sizeof(Posting) + postings_.at(item).sessions.capacity() * sizeof(SessionNumber);
    }
    return bytes;
  }

 private:
  std::mutex& item_lock(ItemIndex item) const { return item_locks_[item % kLocks]; }
  std::mutex& session_lock(SessionNumber number) const {
    return session_locks_[(number % options_.max_sessions) % kLocks];
  }

  /// The number of the event's session, a new one if it opens it (or the index has forgotten it).
  SessionNumber open_session(const Interaction& event) {
    const auto known = open_.find(event.session_key);
    if (!event.opens_session && known != open_.end()) return known->second;
    const SessionNumber number = ++newest_;
    Session& slot = sessions_[number % options_.max_sessions];
    const auto replaced = open_.find(slot.session_key);
    if (slot.number != 0 && replaced != open_.end() && replaced->second == slot.number) open_.erase(replaced);
    open_[event.session_key] = number;
    const std::lock_guard lock(session_lock(number));
    slot.items.clear();  // keeps its capacity: the index stops allocating once it is full
    slot.number = number;
    slot.session_key = event.session_key;
    slot.user_key = event.user_key;
    slot.last_ms = to_ms(event.time);
    return number;
  }

  void add_posting(Posting& posting, SessionNumber number) const {
    ++posting.total;
    if (posting.sessions.size() < options_.max_sessions_per_item) {
      posting.sessions.push_back(number);
    } else {
      posting.sessions[posting.next] = number;
      posting.next = (posting.next + 1) % options_.max_sessions_per_item;
    }
  }

  void remove_from_session(SessionNumber number, ItemIndex item) {
    Session& session = sessions_[number % options_.max_sessions];
    if (number == 0 || session.number != number) return;
    const std::lock_guard lock(session_lock(number));
    std::erase(session.items, item);
  }

  static float own_score(const Answer& answer, const Votes& votes) {
    return answer.best > 0 ? std::log(votes.with_idf / answer.best + 1e-3F) : 0.0F;
  }

  const Answer& query(const Context& context) const {
    thread_local Answer answer;
    const std::uint64_t version = version_.load(std::memory_order_acquire);
    const auto same = [](const Visit& a, const Visit& b) { return a.item == b.item && a.time == b.time; };
    if (answer.index == this && answer.version == version && answer.now == context.now &&
        std::ranges::equal(answer.session, context.session, same)) {
      return answer;
    }
    answer.index = this;
    answer.version = version;
    answer.session = context.session;
    answer.now = context.now;
    compute(context, answer);
    return answer;
  }

  void compute(const Context& context, Answer& answer) const {
    thread_local ItemMap found;                       // sessions that share an item with this one
    thread_local std::vector<float> similarity;       // by slot of found
    thread_local std::vector<float> match_weight;     // by slot: weight of the newest shared item
    thread_local std::vector<std::uint32_t> nearest;  // slots
    found.clear();
    similarity.clear();
    match_weight.clear();
    find_sessions(context, found, similarity, match_weight);

    nearest.resize(found.size());
    for (std::uint32_t slot = 0; slot < nearest.size(); ++slot) nearest[slot] = slot;
    const auto closer = [&](std::uint32_t a, std::uint32_t b) {
      return similarity[a] != similarity[b] ? similarity[a] > similarity[b] : found.keys()[a] > found.keys()[b];
    };
    if (nearest.size() > options_.neighbours) {
      std::nth_element(nearest.begin(), nearest.begin() + static_cast<std::ptrdiff_t>(options_.neighbours),
                       nearest.end(), closer);
      nearest.resize(options_.neighbours);
    }
    std::ranges::sort(nearest, closer);  // the order of adding floats, and so the result, is the same every time

    answer.items.clear();
    answer.votes.clear();
    answer.best = 0;
    for (const std::uint32_t slot : nearest) {
      vote(context, found.keys()[slot], similarity[slot] * match_weight[slot], answer);
    }
    for (std::size_t slot = 0; slot < answer.votes.size(); ++slot) {
      Votes& votes = answer.votes[slot];
      votes.with_idf = votes.without_idf * inverse_frequency(answer.items.keys()[slot]);
      answer.best = std::max(answer.best, votes.with_idf);
    }
  }

  /// Similarity of every indexed session that shares one of the newest items: a sum of weights that fall with the
  /// item's distance from the end.
  void find_sessions(const Context& context, ItemMap& found, std::vector<float>& similarity,
                     std::vector<float>& match_weight) const {
    thread_local std::vector<SessionNumber> posting;
    std::size_t distance = 0;
    for (std::size_t i = context.session.size(); i-- > 0 && distance < kQueryItems;) {
      const ItemIndex item = context.session[i].item;
      const bool repeated = std::any_of(context.session.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                                        context.session.end(), [&](const Visit& visit) { return visit.item == item; });
      if (repeated || item >= postings_.size()) continue;
      const float weight = 1.0F - 0.1F * static_cast<float>(distance++);
      {
        const std::lock_guard lock(item_lock(item));
        posting = postings_.at(item).sessions;
      }
      for (const SessionNumber number : posting) {
        const std::uint32_t slot = found.insert(number);
        if (slot == similarity.size()) {
          similarity.push_back(0);
          match_weight.push_back(weight);  // the newest shared item comes first
        }
        similarity[slot] += weight;
      }
    }
  }

  void vote(const Context& context, SessionNumber number, float weight, Answer& answer) const {
    const Session& session = sessions_[number % options_.max_sessions];
    const std::lock_guard lock(session_lock(number));
    if (session.number != number) return;  // replaced since
    const bool is_itself = context.session_key != 0 && session.session_key == context.session_key &&
                           session.last_ms >= to_ms(context.session.front().time);
    if (is_itself) return;
    const auto age_hours = static_cast<float>(std::max<std::int64_t>(0, to_ms(context.now) - session.last_ms)) / 3'600'000.0F;
    const float recent = weight * std::exp2(-age_hours / kRecencyHalfLifeHours);
    for (const ItemIndex item : session.items) {
      const std::uint32_t slot = answer.items.insert(item);
      if (slot == answer.votes.size()) answer.votes.emplace_back();
      Votes& votes = answer.votes[slot];
      votes.without_idf += weight;
      votes.recent += recent;
      ++votes.neighbours;
    }
  }

  float inverse_frequency(ItemIndex item) const {
    if (item >= postings_.size()) return 0;
    const std::lock_guard lock(item_lock(item));
    const auto all = static_cast<float>(newest_.load(std::memory_order_relaxed));
    return std::log(1.0F + all / (1.0F + static_cast<float>(postings_.at(item).total)));
  }

  const SessionKnnOptions options_;
  const std::size_t max_items_;
  mutable std::array<std::mutex, kLocks> item_locks_, session_locks_;
  std::vector<Session> sessions_;  // slot guarded by session_lock
  Paged<Posting> postings_;        // guarded by item_lock
  std::atomic<SessionNumber> newest_{0};
  std::atomic<std::uint64_t> version_{0};  // of the whole index
  std::unordered_map<std::uint64_t, SessionNumber> open_;  // learner thread only
};

}  // namespace

std::unique_ptr<Part> make_session_knn(const SessionKnnOptions& options, std::size_t max_items) {
  return std::make_unique<SessionKnn>(options, max_items);
}

}  // namespace freshet::online
