#include "online/parts/user_history.h"

#include <algorithm>
#include <cmath>

#include "base/saved_time.h"
#include "online/containers/item_table.h"
#include "online/part/live_part.h"
#include "online/part/top_k.h"

namespace freshet::online {
namespace {

constexpr double kMsPerHour = 3'600'000.0;
constexpr float kNever = 20.0F;  // log2 of hours since the last visit if there was none

enum Feature : std::size_t { kOwn, kLogCount, kLogHoursAgo, kShare, kLogItems, kFeatures };

float log_hours(std::int64_t ms) {
  return std::log2(1.0F + static_cast<float>(std::max(0.0, static_cast<double>(ms) / kMsPerHour)));
}

}  // namespace

class UserHistoryIndex::History final : public Query {
 public:
  void ask(const UserHistoryIndex& index, const Context& context) {
    last_item_ = context.last_item();
    now_ms_ = to_ms(context.now);
    index.find(context, entries_);
  }

  void propose(std::size_t k, std::vector<Candidate>& out) override {
    candidates_.clear();
    for (const Entry& entry : entries_) {
      if (entry.item != last_item_) candidates_.push_back({entry.item, own_score(entry, now_ms_)});
    }
    keep_best(candidates_, k);
    out.insert(out.end(), candidates_.begin(), candidates_.end());
  }

  void write_features(std::span<const ItemIndex> items, FeatureColumns out) override {
    place_of_.clear();
    float total = 1.0F;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      place_of_.find_or_insert(entries_[i].item, static_cast<std::uint32_t>(i));
      total += entries_[i].count;
    }
    const float log_items = std::log2(1.0F + static_cast<float>(entries_.size()));
    for (std::size_t row = 0; row < items.size(); ++row) {
      const std::uint32_t at = place_of_.find(items[row]);
      const bool known = at != ItemTable::kAbsent;
      out.at(row, kOwn) = known ? own_score(entries_[at], now_ms_) : 0.0F;
      out.at(row, kLogCount) = known ? std::log2(1.0F + entries_[at].count) : 0.0F;
      out.at(row, kLogHoursAgo) = known ? log_hours(now_ms_ - entries_[at].last_ms) : kNever;
      out.at(row, kShare) = known ? entries_[at].count / total : 0.0F;
      out.at(row, kLogItems) = log_items;
    }
  }

 private:
  ItemIndex last_item_ = kNoItem;
  std::int64_t now_ms_ = 0;
  std::vector<Entry> entries_;

  // buffers
  std::vector<Candidate> candidates_;
  ItemTable place_of_;  // item -> index into entries_
};

UserHistoryIndex::UserHistoryIndex(const UserHistoryOptions& options, std::size_t max_items)
    : options_(options), max_items_(max_items), slots_(options.max_users), users_(options.max_users) {}

std::span<const std::string_view> UserHistoryIndex::features() const {
  static constexpr std::array<std::string_view, kFeatures> kNames{"own", "log_count", "log_hours_ago", "share",
                                                                  "log_items"};
  return kNames;
}

float UserHistoryIndex::own_score(const Entry& entry, std::int64_t now_ms) {
  return entry.count / (2.0F + log_hours(now_ms - entry.last_ms));
}

void UserHistoryIndex::add(std::vector<Entry>& entries, ItemIndex item, std::int64_t time_ms) {
  auto entry = std::ranges::find(entries, item, &Entry::item);
  if (entry == entries.end()) {
    entries.push_back({item, 1.0F, time_ms});
    return;
  }
  entry->count += 1.0F;
  entry->last_ms = std::max(entry->last_ms, time_ms);
  std::rotate(entry, entry + 1, entries.end());
}

void UserHistoryIndex::find(const Context& context, std::vector<Entry>& entries) const {
  entries.clear();
  const std::uint64_t key = who(context);
  const Slot slot = key == 0 ? UserSlots::kNone : slots_.find(key);
  if (const User* user = slot == UserSlots::kNone ? nullptr : users_.find(slot)) {
    const std::lock_guard lock(locks_.of(slot));
    if (user->key == key) return entries.assign(user->entries.begin(), user->entries.end());
  }
  // An unknown user, or the caller's own session: take what would have been remembered of the session by now.
  for (const Visit& visit : context.session) add(entries, visit.item, to_ms(visit.time));
}

void UserHistoryIndex::ask(const Context& context, std::unique_ptr<Query>& query) const {
  reuse<History>(query).ask(*this, context);
}

void UserHistoryIndex::reset(Slot slot, std::uint64_t key) {
  User& user = users_.at(slot);
  for (const Entry& entry : user.entries) --holders_[entry.item];
  const std::lock_guard lock(locks_.of(slot));
  user.key = key;
  user.entries.clear();
}

void UserHistoryIndex::observe(const Context&, const Interaction& event) {
  const auto [slot, is_new_user] = slots_.claim(who(event));
  if (is_new_user) reset(slot, who(event));
  User& user = users_.at(slot);
  const bool is_new = std::ranges::find(user.entries, event.item, &Entry::item) == user.entries.end();
  if (is_new) {
    if (holders_.size() <= event.item) holders_.resize(event.item + std::size_t{1});
    ++holders_[event.item];
  }
  const bool full = is_new && user.entries.size() >= options_.max_items_per_user;
  if (full) --holders_[user.entries.front().item];

  const std::lock_guard lock(locks_.of(slot));
  if (full) user.entries.erase(user.entries.begin());
  add(user.entries, event.item, to_ms(event.time));
}

void UserHistoryIndex::forget_item(ItemIndex item) {
  if (item >= holders_.size() || holders_[item] == 0) return;
  for (Slot slot = 0; slot < slots_.size(); ++slot) {
    User& user = users_.at(slot);
    const auto held = std::ranges::find(user.entries, item, &Entry::item);
    if (held == user.entries.end()) continue;
    const std::lock_guard lock(locks_.of(slot));
    user.entries.erase(held);
  }
  holders_[item] = 0;
}

void UserHistoryIndex::erase(std::uint64_t key) {
  const Slot slot = slots_.release(key);
  if (slot != UserSlots::kNone) reset(slot, 0);
}

void UserHistoryIndex::save(ByteWriter& out) const {
  slots_.save(out);
  for (Slot slot = 0; slot < slots_.size(); ++slot) {
    const User& user = *users_.find(slot);
    out.varint(user.entries.size());
    for (const Entry& entry : user.entries) {
      out.fixed(entry.item);
      out.fixed(entry.count);
      out.fixed(entry.last_ms);
    }
  }
}

Result<void> UserHistoryIndex::load(ByteReader& in) {
  const Error corrupt{Errc::corrupt, "user_history: not a saved state"};
  if (!slots_.load(in)) return corrupt;
  for (Slot slot = 0; slot < slots_.size(); ++slot) {
    User& user = users_.at(slot);
    user.key = slots_.key_of(slot);
    const std::uint64_t count = in.varint();
    if (!in.ok() || count > options_.max_items_per_user || (user.key == 0 && count > 0)) return corrupt;
    for (std::uint64_t i = 0; i < count; ++i) {
      Entry entry;
      entry.item = in.fixed<ItemIndex>();
      entry.count = in.fixed<float>();
      entry.last_ms = read_time_ms(in);
      if (!in.ok() || entry.item >= max_items_) return corrupt;
      if (holders_.size() <= entry.item) holders_.resize(entry.item + std::size_t{1});
      ++holders_[entry.item];
      user.entries.push_back(entry);
    }
  }
  return in.ok() ? Result<void>{} : corrupt;
}

std::size_t UserHistoryIndex::memory_bytes() const {
  std::size_t bytes = slots_.memory_bytes() + users_.memory_bytes() + holders_.capacity() * sizeof(std::uint32_t);
  for (Slot slot = 0; slot < slots_.size(); ++slot) bytes += users_.find(slot)->entries.capacity() * sizeof(Entry);
  return bytes;
}

std::unique_ptr<Part> make_user_history(const UserHistoryOptions& options, std::size_t max_items) {
  return std::make_unique<LivePart<UserHistoryIndex>>(std::make_shared<UserHistoryIndex>(options, max_items));
}

std::vector<Option<UserHistoryOptions>> UserHistoryOptions::describe() {
  return {
      option::integer("max_users", &UserHistoryOptions::max_users, {1, 100 * option::kMillion},
                      "Largest number of users whose past is known. Beyond it the least recently active is forgotten."),
      option::integer("max_items_per_user", &UserHistoryOptions::max_items_per_user, {1, 10'000},
                      "Newest items kept of a user's past."),
  };
}

constinit const PartKind kUserHistory{
    .name = "user_history",
    .about = "what this user came for in earlier sessions, how often and how long ago",
    .on_by_default = true,
    .describe = describe_part<UserHistoryOptions>,
    .make =
        [](PartContext& context) {
          return make_user_history(context.options.part<UserHistoryOptions>(), context.options.max_items);
        },
};

}  // namespace freshet::online
