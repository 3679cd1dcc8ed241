#include "online/user_history.h"

#include <algorithm>
#include <cmath>

#include "online/best.h"
#include "online/item_table.h"
#include "online/live_part.h"

namespace freshet::online {
namespace {

constexpr double kMsPerHour = 3'600'000.0;
constexpr float kNever = 20.0F;  // log2 of hours since a visit that never was

float log_hours(std::int64_t ms) {
  return std::log2(1.0F + static_cast<float>(std::max(0.0, static_cast<double>(ms) / kMsPerHour)));
}

/// Who the events of this session are by.
std::uint64_t who(std::uint64_t session_key, std::uint64_t user_key) { return user_key != 0 ? user_key : session_key; }

}  // namespace

UserHistoryIndex::UserHistoryIndex(const UserHistoryOptions& options, std::size_t max_items)
    : options_(options), max_items_(max_items), users_(options.max_users) {}

std::span<const std::string_view> UserHistoryIndex::features() const {
  static constexpr std::array<std::string_view, 5> kNames{"own", "log_count", "log_hours_ago", "share", "log_items"};
  return kNames;
}

float UserHistoryIndex::own_score(const Entry& entry, std::int64_t now_ms) {
  return entry.count / (2.0F + log_hours(now_ms - entry.last_ms));
}

bool UserHistoryIndex::find(const Context& context, std::vector<Entry>& entries) const {
  entries.clear();
  const std::uint64_t key = who(context.session_key, context.user_key);
  if (key == 0) return false;
  Slot slot = 0;
  {
    const Shard& shard = shard_of(key);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.slot_of.find(key);
    if (found == shard.slot_of.end()) return false;
    slot = found->second;
  }
  const User* user = users_.find(slot);
  const std::lock_guard lock(locks_.of(slot));
  if (user == nullptr || user->key != key) return false;  // given to another meanwhile
  entries.assign(user->entries.begin(), user->entries.end());
  return true;
}

void UserHistoryIndex::propose(const Context& context, std::size_t k, std::vector<Candidate>& out) const {
  thread_local std::vector<Entry> entries;
  thread_local std::vector<Candidate> candidates;
  if (!find(context, entries)) return;
  candidates.clear();
  for (const Entry& entry : entries) {
    if (entry.item != context.last_item()) candidates.push_back({entry.item, own_score(entry, to_ms(context.now))});
  }
  keep_best(candidates, k);
  out.insert(out.end(), candidates.begin(), candidates.end());
}

void UserHistoryIndex::score(const Context& context, std::span<const ItemIndex> candidates, FeatureColumns out) const {
  thread_local std::vector<Entry> entries;
  thread_local ItemTable table;
  find(context, entries);
  table.clear();
  float total = 1.0F;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    table.find_or_insert(entries[i].item, static_cast<std::uint32_t>(i));
    total += entries[i].count;
  }
  const float log_items = std::log2(1.0F + static_cast<float>(entries.size()));
  for (std::size_t row = 0; row < candidates.size(); ++row) {
    const std::uint32_t at = table.find(candidates[row]);
    const bool known = at != ItemTable::kAbsent;
    out.at(row, 0) = known ? own_score(entries[at], to_ms(context.now)) : 0.0F;
    out.at(row, 1) = known ? std::log2(1.0F + entries[at].count) : 0.0F;
    out.at(row, 2) = known ? log_hours(to_ms(context.now) - entries[at].last_ms) : kNever;
    out.at(row, 3) = known ? entries[at].count / total : 0.0F;
    out.at(row, 4) = log_items;
  }
}

void UserHistoryIndex::clear(Slot slot) {
  User& user = users_.at(slot);
  for (const Entry& entry : user.entries) --holders_[entry.item];
  {
    Shard& shard = shard_of(user.key);
    const std::lock_guard lock(shard.mutex);
    shard.slot_of.erase(user.key);
  }
  const std::lock_guard lock(locks_.of(slot));
  user.key = 0;
  user.entries.clear();
}

UserHistoryIndex::Slot UserHistoryIndex::slot_for(std::uint64_t key) {
  Shard& shard = shard_of(key);
  const auto known = shard.slot_of.find(key);
  if (known != shard.slot_of.end()) return known->second;
  if (free_.empty() && slots_ < options_.max_users) free_.push_back(static_cast<Slot>(slots_++));
  if (free_.empty()) {
    clear(activity_.oldest());
    free_.push_back(activity_.oldest());
  }
  const Slot slot = free_.back();
  free_.pop_back();
  {
    User& user = users_.at(slot);
    const std::lock_guard lock(locks_.of(slot));
    user.key = key;
  }
  const std::lock_guard lock(shard.mutex);
  shard.slot_of.emplace(key, slot);
  return slot;
}

void UserHistoryIndex::observe(const Context&, const Interaction& event) {
  const Slot slot = slot_for(who(event.session_key, event.user_key));
  activity_.touch(slot);
  User& user = users_.at(slot);
  Entry entry{event.item, 0.0F, to_ms(event.time)};
  const auto known = std::ranges::find(user.entries, event.item, &Entry::item);
  const bool is_new = known == user.entries.end();
  if (is_new) {
    if (holders_.size() <= event.item) holders_.resize(event.item + std::size_t{1});
    ++holders_[event.item];
  }
  const bool full = is_new && user.entries.size() >= options_.max_items_per_user;
  if (full) --holders_[user.entries.front().item];

  const std::lock_guard lock(locks_.of(slot));
  if (!is_new) {
    entry = *known;
    user.entries.erase(known);
  } else if (full) {
    user.entries.erase(user.entries.begin());
  }
  entry.count += 1.0F;
  entry.last_ms = std::max(entry.last_ms, to_ms(event.time));
  user.entries.push_back(entry);
}

void UserHistoryIndex::forget_item(ItemIndex item) {
  if (item >= holders_.size() || holders_[item] == 0) return;
  for (Slot slot = 0; slot < slots_; ++slot) {
    User& user = users_.at(slot);
    const auto held = std::ranges::find(user.entries, item, &Entry::item);
    if (held == user.entries.end()) continue;
    const std::lock_guard lock(locks_.of(slot));
    user.entries.erase(held);
  }
  holders_[item] = 0;
}

void UserHistoryIndex::erase(std::uint64_t key) {
  Shard& shard = shard_of(key);
  const auto known = shard.slot_of.find(key);
  if (known == shard.slot_of.end()) return;
  const Slot slot = known->second;
  clear(slot);
  free_.push_back(slot);
}

void UserHistoryIndex::save(ByteWriter& out) const {
  out.varint(slots_);
  for (Slot slot = activity_.oldest(); slot != LruOrder::kNone; slot = activity_.after(slot)) {
    const User& user = *users_.find(slot);
    out.varint(slot);
    out.fixed(user.key);
    out.varint(user.entries.size());
    for (const Entry& entry : user.entries) {
      out.fixed(entry.item);
      out.fixed(entry.count);
      out.fixed(entry.last_ms);
    }
  }
  out.array<Slot>(free_);
}

Result<void> UserHistoryIndex::load(ByteReader& in) {
  const Error corrupt{Errc::corrupt, "user_history: not a saved state"};
  const std::uint64_t slots = in.varint();
  if (!in.ok() || slots > options_.max_users || slots > in.remaining()) return corrupt;
  std::vector<Slot> order;
  std::vector<bool> seen(slots);
  for (std::uint64_t n = 0; n < slots; ++n) {
    const std::uint64_t slot = in.varint();
    if (!in.ok() || slot >= slots || seen[slot]) return corrupt;
    seen[slot] = true;
    order.push_back(static_cast<Slot>(slot));
    User& user = users_.at(slot);
    user.key = in.fixed<std::uint64_t>();
    const std::uint64_t count = in.varint();
    if (!in.ok() || count > options_.max_items_per_user || (user.key == 0 && count > 0)) return corrupt;
    for (std::uint64_t i = 0; i < count; ++i) {
      Entry entry;
      entry.item = in.fixed<ItemIndex>();
      entry.count = in.fixed<float>();
      entry.last_ms = in.fixed<std::int64_t>();
      if (!in.ok() || entry.item >= max_items_) return corrupt;
      if (holders_.size() <= entry.item) holders_.resize(entry.item + std::size_t{1});
      ++holders_[entry.item];
      user.entries.push_back(entry);
    }
    if (user.key != 0 && !shard_of(user.key).slot_of.emplace(user.key, static_cast<Slot>(slot)).second) return corrupt;
  }
  slots_ = slots;
  activity_.restore(order);
  free_ = in.array<Slot>();
  for (const Slot slot : free_) {
    if (slot >= slots_ || users_.at(slot).key != 0) return corrupt;
  }
  return in.ok() ? Result<void>{} : corrupt;
}

std::size_t UserHistoryIndex::memory_bytes() const {
  constexpr std::size_t kMapNode = 40;
  std::size_t bytes = users_.memory_bytes() + activity_.memory_bytes() + slots_ * kMapNode +
                      holders_.capacity() * sizeof(std::uint32_t);
  for (Slot slot = 0; slot < slots_; ++slot) bytes += users_.find(slot)->entries.capacity() * sizeof(Entry);
  return bytes;
}

std::unique_ptr<Part> make_user_history(const UserHistoryOptions& options, std::size_t max_items) {
  return std::make_unique<LivePart<UserHistoryIndex>>(std::make_shared<UserHistoryIndex>(options, max_items));
}

}  // namespace freshet::online
