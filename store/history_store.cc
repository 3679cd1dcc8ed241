#include "store/history_store.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "store/codec/key_codec.h"
#include "store/codec/value_codec.h"
#include "store/dead_letters.h"
#include "store/erasures.h"
#include "store/recent_histories.h"
#include "store/rocks.h"

namespace freshet::store {
namespace {

std::string first_key_of(const Owner& owner) { return encode_owner(owner) + std::string(kHistorySuffixBytes, '\0'); }

/// Rows of `owner` newest first: one seek, then sequential.
std::unique_ptr<rocksdb::Iterator> iterate(const Database::Impl& db, const Owner& owner) {
  rocksdb::ReadOptions options;
  options.prefix_same_as_start = true;
  std::unique_ptr<rocksdb::Iterator> rows(db.db->NewIterator(options, db.family(Family::history)));
  rows->Seek(first_key_of(owner));
  return rows;
}

/// Calls visit(key, event) for each row of `owner`. Skips rows that cannot be decoded.
template <typename Visit>
rocksdb::Status for_each_row(const Database::Impl& db, const Owner& owner, Visit visit) {
  const auto rows = iterate(db, owner);
  for (; rows->Valid(); rows->Next()) {
    const auto event = decode_event_value(to_view(rows->value()), Timestamp{});
    if (event) visit(rows->key(), *event);
  }
  return rows->status();
}

/// True if `bytes` contains `id` as a word, not as part of a longer one.
bool names(std::string_view bytes, std::string_view id) {
  const auto in_word = [&](std::size_t at) {
    return at < bytes.size() && (std::isalnum(static_cast<unsigned char>(bytes[at])) != 0 || bytes[at] == '_');
  };
  for (std::size_t at = bytes.find(id); at != std::string_view::npos; at = bytes.find(id, at + 1)) {
    if ((at == 0 || !in_word(at - 1)) && !in_word(at + id.size())) return true;
  }
  return false;
}

/// Searches each field by itself: in the encoded record, the length of a field may look like a letter next to an id.
bool names(const RejectedRecord& record, std::string_view id) {
  return names(record.reason, id) || names(record.key, id) || names(record.value, id) ||
         std::ranges::any_of(record.headers,
                             [&](const auto& header) { return names(header.first, id) || names(header.second, id); });
}

rocksdb::Status erase_dead_letters(const Database::Impl& db, rocksdb::WriteBatch& batch, const Owner& owner) {
  if (db.dead_letter_count == 0) return {};
  std::unique_ptr<rocksdb::Iterator> it(db.db->NewIterator(rocksdb::ReadOptions{}, db.family(Family::dead_letters)));
  for (it->SeekToFirst(); it->Valid(); it->Next()) {
    const auto record = decode_rejected(to_view(it->value()), Position{});
    if (record ? names(*record, owner.id) : names(to_view(it->value()), owner.id)) {
      batch.Delete(db.family(Family::dead_letters), it->key());
    }
  }
  return it->status();
}

/// Deletes everything about `owner`, and adds the erasure. `position` is that of the erase record, if it is in the log.
rocksdb::Status erase_owner(const Database::Impl& db, rocksdb::WriteBatch& batch, const Owner& owner,
                            std::optional<Position> position) {
  std::set<std::string> sessions;
  auto status = for_each_row(db, owner, [&](const rocksdb::Slice&, const Event& event) {
    if (owner.kind == Owner::Kind::user && !event.session.empty()) sessions.insert(event.session);
  });
  std::set<Owner> touched{owner};
  for (const std::string& id : sessions) {
    if (!status.ok()) return status;
    const Owner session{Owner::Kind::session, id};
    touched.insert(session);
    status = for_each_row(db, session, [&](const rocksdb::Slice& key, const Event& event) {
      if (event.user == owner.id) batch.Delete(db.family(Family::history), key);
    });
  }
  if (status.ok()) status = erase_dead_letters(db, batch, owner);
  if (!status.ok()) return status;
  batch.DeleteRange(db.family(Family::history), encode_owner(owner), end_of_history(owner));

  std::string noted;
  status = db.db->Get(rocksdb::ReadOptions{}, db.family(Family::meta), erasure_key(owner), &noted);
  if (!status.ok() && !status.IsNotFound()) return status;
  if (const auto before = status.ok() ? decode_erasure(noted) : std::nullopt) {
    touched.insert(before->touched.begin(), before->touched.end());
  }
  const Erasure erasure{owner, position, {touched.begin(), touched.end()}};
  batch.Put(db.family(Family::meta), erasure_key(owner), encode_erasure(erasure));
  return {};
}

/// For the event ids of a batch that were accepted before it: where each was first accepted.
std::unordered_map<std::string_view, DedupeValue> known_ids(const Database::Impl& db, const EventBatch& batch,
                                                            rocksdb::Status& status) {
  std::vector<rocksdb::Slice> keys;
  for (const PositionedEvent& entry : batch.events) {
    if (!entry.event.id.empty()) keys.push_back(to_slice(entry.event.id));
  }
  std::unordered_map<std::string_view, DedupeValue> known;
  if (keys.empty()) return known;
  const std::vector<rocksdb::ColumnFamilyHandle*> families(keys.size(), db.family(Family::dedupe));
  std::vector<std::string> values;
  const auto statuses = db.db->MultiGet(rocksdb::ReadOptions{}, families, keys, &values);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].ok()) {
      if (const auto value = decode_dedupe(values[i])) known.emplace(to_view(keys[i]), *value);
    } else if (!statuses[i].IsNotFound()) {
      status = statuses[i];
    }
  }
  return known;
}

/// Builds the WriteBatch of one commit.
class Commit {
 public:
  Commit(const Database::Impl& db, std::unordered_map<std::string_view, DedupeValue> known)
      : db_(db),
        known_(std::move(known)),
        stream_time_(db.stream_time->newest()),
        latest_(db.stream_time->latest()),
        newest_arrival_(db.newest_arrival->newest()) {}

  void add(const PositionedEvent& entry) {
    const Event& event = entry.event;
    if (event.kind == EventKind::erase) return erase(entry);
    if (!event.consent) {
      ++counts_.withheld;
      return;
    }
    if (is_expired(event.time)) {
      ++counts_.expired;
      return;
    }
    if (!event.id.empty() && !accept_id(entry)) {
      ++counts_.duplicates;
      return;
    }
    const std::string value = encode_event_value(event);
    if (!event.user.empty()) put_row({Owner::Kind::user, event.user}, entry, value);
    if (!event.session.empty()) put_row({Owner::Kind::session, event.session}, entry, value);
    if (!event.user.empty() && !event.session.empty()) shared_.emplace(event.user, &entry);
    stream_time_ = std::max(stream_time_, event.time);
    ++counts_.stored;
  }

  /// REQUIRES: all events of the batch have been added.
  void add(const RejectedRecord& record) {
    if (is_erased(record)) return;
    // A record that cannot be decoded may contain ids anywhere.
    const std::string value = db_.options.pseudonym_key.empty()
                                  ? encode_rejected(cut_dead_letter(record))
                                  : encode_rejected({record.position, record.arrival, record.reason, {}, {}, {}});
    batch_.Put(db_.family(Family::dead_letters), encode_position(record.position), value);
  }

  void set_positions(const Positions& next) {
    for (const auto& [partition, offset] : next) {
      std::string key, value;
      ByteWriter(key).fixed(partition);
      ByteWriter(value).fixed(offset);
      batch_.Put(db_.family(Family::positions), key, value);
    }
    std::string value;
    ByteWriter(value).fixed(to_ms(stream_time_));
    batch_.Put(db_.family(Family::meta), to_slice(kStreamTimeKey), value);
  }

  rocksdb::WriteBatch& batch() { return batch_; }
  const rocksdb::Status& status() const { return status_; }
  const CommitCounts& counts() const { return counts_; }
  Timestamp stream_time() const { return stream_time_; }
  Timestamp newest_arrival() const { return newest_arrival_; }

 private:
  void erase(const PositionedEvent& entry) {
    const Event& event = entry.event;
    const auto erase_one = [&](const Owner& owner) {
      if (owner.id.empty() || !status_.ok()) return;
      status_ = erase_owner(db_, batch_, owner, entry.position);
      erased_.emplace_back(entry.position, owner.id);
    };
    erase_one({Owner::Kind::user, event.user});
    erase_one({Owner::Kind::session, event.session});
    // Rows that this batch adds to the user's sessions are not in the store yet.
    const auto [first, last] = shared_.equal_range(event.user);
    for (auto it = first; it != last; ++it) {
      const PositionedEvent& put = *it->second;
      const Owner session{Owner::Kind::session, put.event.session};
      batch_.Delete(db_.family(Family::history), encode_history_key({session, put.event.time, put.position}));
    }
    shared_.erase(first, last);
    ++counts_.erased;
  }

  /// True if the record names an owner that this batch erases, and is not after the erase record in the same partition.
  /// Records of other partitions have no order relative to it and are erased.
  bool is_erased(const RejectedRecord& record) const {
    return std::ranges::any_of(erased_, [&](const auto& erase) {
      const auto& [at, id] = erase;
      const bool after = record.position.partition == at.partition && record.position.offset > at.offset;
      return !after && names(record, id);
    });
  }

  bool is_expired(Timestamp time) const {
    return time < oldest_kept(db_.options.max_event_age, std::min(stream_time_, latest_));
  }

  /// False if the id was accepted at another position within the window. At the same position it is the same record, read
  /// again after a crash, and must be written again.
  bool accept_id(const PositionedEvent& entry) {
    const auto known = known_.find(entry.event.id);
    newest_arrival_ = std::max(newest_arrival_, entry.arrival);
    if (known != known_.end() && known->second.position != entry.position &&
        known->second.arrival >= entry.arrival - db_.options.dedupe_window) {
      return false;
    }
    const DedupeValue value{entry.arrival, entry.position};
    known_[entry.event.id] = value;
    batch_.Put(db_.family(Family::dedupe), to_slice(entry.event.id), encode_dedupe(value));
    return true;
  }

  void put_row(Owner owner, const PositionedEvent& entry, const std::string& value) {
    batch_.Put(db_.family(Family::history), encode_history_key({std::move(owner), entry.event.time, entry.position}),
               value);
  }

  const Database::Impl& db_;
  std::unordered_map<std::string_view, DedupeValue> known_;
  rocksdb::WriteBatch batch_;
  rocksdb::Status status_;  // the first error
  CommitCounts counts_;
  // Of the events of this batch with user and session, by user.
  std::multimap<std::string_view, const PositionedEvent*> shared_;
  std::vector<std::pair<Position, std::string>> erased_;  // position and owner's id of each erase record
  Timestamp stream_time_;
  const Timestamp latest_;  // upper bound of stream time for computing ages
  Timestamp newest_arrival_;
};

/// Applies a batch that has been written to the cached histories.
class WriteThrough final : public rocksdb::WriteBatch::Handler {
 public:
  explicit WriteThrough(const Database::Impl& db)
      : held_(*db.recent_histories), history_(db.family(Family::history)->GetID()) {}

  rocksdb::Status PutCF(std::uint32_t family, const rocksdb::Slice& key, const rocksdb::Slice& value) override {
    if (family != history_) return {};
    const std::size_t owner = key.size() - kHistorySuffixBytes;
    held_.put(to_view(key).substr(0, owner), {to_view(key).substr(owner), to_view(value)});
    return {};
  }
  rocksdb::Status DeleteCF(std::uint32_t family, const rocksdb::Slice& key) override {
    if (family == history_) held_.drop(to_view(key).substr(0, key.size() - kHistorySuffixBytes));
    return {};
  }
  rocksdb::Status DeleteRangeCF(std::uint32_t family, const rocksdb::Slice& begin, const rocksdb::Slice&) override {
    if (family == history_) held_.drop(to_view(begin));  // the range is always that of one owner, and begins with it
    return {};
  }

 private:
  RecentHistories& held_;
  const std::uint32_t history_;
};

/// All writes to the histories go through here, so that the cache follows. Compaction removes only rows that no read
/// returns.
rocksdb::Status write(Database::Impl& db, const rocksdb::WriteOptions& options, rocksdb::WriteBatch& batch) {
  const std::lock_guard in_order(db.history_writes);
  auto status = db.db->Write(options, &batch);
  WriteThrough through(db);
  if (status.ok()) status = batch.Iterate(&through);
  if (!status.ok()) db.recent_histories->clear();
  return status;
}

/// The newest `limit` rows of `owner` of any age: a row that is too old now may not be after the clock is corrected.
Result<HistoryRows> read_rows(const Database::Impl& db, const Owner& owner, std::size_t limit) {
  HistoryRows read;
  const auto rows = iterate(db, owner);
  for (; rows->Valid() && read.size() < limit; rows->Next()) {
    const std::string_view key = to_view(rows->key());
    read.append({key.substr(key.size() - kHistorySuffixBytes), to_view(rows->value())});
  }
  if (!rows->status().ok()) return to_error(rows->status());
  return read;
}

}  // namespace

HistoryStore::HistoryStore(Database& database) : database_(database) {}

Result<CommitCounts> HistoryStore::commit(const EventBatch& batch, bool keep_rejected) {
  Database::Impl& db = database_.impl();
  const std::shared_lock lock(db.in_use);
  rocksdb::Status status;
  Commit commit(db, known_ids(db, batch, status));
  if (!status.ok()) return to_error(status);
  for (const PositionedEvent& entry : batch.events) commit.add(entry);
  if (keep_rejected) {
    for (const RejectedRecord& record : batch.rejected) commit.add(record);
  }
  if (!commit.status().ok()) return to_error(commit.status());
  commit.set_positions(batch.next);
  status = write(db, rocksdb::WriteOptions{}, commit.batch());
  if (!status.ok()) return to_error(status);
  db.stream_time->raise(commit.stream_time());
  db.newest_arrival->raise(commit.newest_arrival());
  if (keep_rejected) trim_dead_letters(db, batch.rejected.size());
  return commit.counts();
}

Result<std::vector<Event>> HistoryStore::recent(const Owner& owner, std::size_t limit) const {
  const Database::Impl& db = database_.impl();
  const std::shared_lock lock(db.in_use);
  limit = std::min(limit, db.options.max_events_per_owner);
  const Timestamp oldest = oldest_kept(db.options.max_event_age, db.stream_time->judged());
  const std::string name = encode_owner(owner);
  auto [rows, version] = db.recent_histories->find(name, limit);
  if (!rows) {
    auto read = read_rows(db, owner, limit);
    if (!read) return read.error();
    rows = *std::move(read);
    db.recent_histories->insert(name, limit, *rows, version);
  }

  std::vector<Event> events;
  events.reserve(std::min(limit, rows->size()));
  for (std::string_view rest = rows->bytes(); !rest.empty() && events.size() < limit;) {
    const HistoryRow row = HistoryRows::take(rest);
    const Timestamp time = time_of_history_suffix(row.suffix);
    if (time < oldest) break;
    auto event = decode_event_value(row.value, time);
    if (!event) return Error{Errc::corrupt, "a history row cannot be decoded"};
    events.push_back(*std::move(event));
  }
  return events;
}

Result<HistoryPage> HistoryStore::page(const Owner& owner, std::size_t limit,
                                       const std::optional<HistoryCursor>& after) const {
  const Database::Impl& db = database_.impl();
  const std::shared_lock lock(db.in_use);
  const auto rows = iterate(db, owner);
  if (after) {
    const std::string last = encode_history_key({owner, after->time, after->position});
    rows->Seek(last);
    if (rows->Valid() && to_view(rows->key()) == last) rows->Next();
  }
  HistoryPage page;
  HistoryCursor last;
  for (; rows->Valid() && page.events.size() < limit; rows->Next()) {
    const auto key = decode_history_key(to_view(rows->key()));
    auto event = key ? decode_event_value(to_view(rows->value()), key->time) : std::nullopt;
    if (!event) return Error{Errc::corrupt, "a history row cannot be decoded"};
    last = {key->time, key->position};
    page.events.push_back(*std::move(event));
  }
  if (!rows->status().ok()) return to_error(rows->status());
  if (rows->Valid() && !page.events.empty()) page.next = last;
  return page;
}

Result<std::size_t> HistoryStore::count(const Owner& owner) const {
  const Database::Impl& db = database_.impl();
  const std::shared_lock lock(db.in_use);
  const Timestamp oldest = oldest_kept(db.options.max_event_age, db.stream_time->judged());
  std::size_t count = 0;
  const auto rows = iterate(db, owner);
  for (; rows->Valid() && count < db.options.max_events_per_owner; rows->Next(), ++count) {
    const auto key = decode_history_key(to_view(rows->key()));
    if (key && key->time < oldest) break;
  }
  if (!rows->status().ok()) return to_error(rows->status());
  return count;
}

Result<void> HistoryStore::erase(const Owner& owner) {
  Database::Impl& db = database_.impl();
  const std::shared_lock lock(db.in_use);
  rocksdb::WriteBatch batch;
  auto status = erase_owner(db, batch, owner, std::nullopt);
  if (!status.ok()) return to_error(status);
  rocksdb::WriteOptions durable;
  durable.sync = true;
  status = write(db, durable, batch);
  if (!status.ok()) return to_error(status);
  return {};
}

Result<Positions> HistoryStore::positions() const {
  const Database::Impl& db = database_.impl();
  const std::shared_lock lock(db.in_use);
  return stored_positions(db);
}

Result<Positions> stored_positions(const Database::Impl& db) {
  Positions positions;
  std::unique_ptr<rocksdb::Iterator> it(db.db->NewIterator(rocksdb::ReadOptions{}, db.family(Family::positions)));
  for (it->SeekToFirst(); it->Valid(); it->Next()) {
    ByteReader key(to_view(it->key())), value(to_view(it->value()));
    const auto partition = key.fixed<std::int32_t>();
    const auto offset = value.fixed<std::int64_t>();
    if (!key.ok() || !key.at_end() || !value.ok() || !value.at_end()) {
      return Error{Errc::corrupt, "a log position cannot be decoded"};
    }
    positions[partition] = offset;
  }
  if (!it->status().ok()) return to_error(it->status());
  return positions;
}

Timestamp HistoryStore::stream_time() const { return database_.impl().stream_time->newest(); }

Result<void> HistoryStore::scan(const std::function<bool(const Owner&, const PositionedEvent&)>& visit) const {
  const Database::Impl& db = database_.impl();
  const std::shared_lock lock(db.in_use);
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  options.fill_cache = false;
  std::unique_ptr<rocksdb::Iterator> rows(db.db->NewIterator(options, db.family(Family::history)));
  for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
    const auto key = decode_history_key(to_view(rows->key()));
    auto event = key ? decode_event_value(to_view(rows->value()), key->time) : std::nullopt;
    if (!event) return Error{Errc::corrupt, "a history row cannot be decoded"};
    if (!visit(key->owner, {key->position, *std::move(event), {}})) break;
  }
  if (!rows->status().ok()) return to_error(rows->status());
  return {};
}

}  // namespace freshet::store
