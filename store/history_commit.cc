// SPDX-License-Identifier: Apache-2.0
#include "store/history_commit.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "store/codec/key_codec.h"
#include "store/dead_letters.h"
#include "store/record_texts.h"

namespace freshet::store {
HistoryCommit::HistoryCommit(Database::Impl& db, const EventBatch& batch)
    : db_(db), in_(batch), stream_time_(db.stream_time->newest()), newest_arrival_(db.newest_arrival->newest()) {
  if (db.catalogue != nullptr) items_.emplace(db, *db.catalogue, batch);
}

Result<void> HistoryCommit::build(bool keep_rejected) {
  if (auto found = find_known_ids(); !found) return found;
  if (auto forgotten = forget_positions_of_recreated(); !forgotten) return forgotten;
  if (items_) {
    if (auto read = items_->read(); !read) return read;
  }
  if (!in_.recreated.empty()) {
    if (auto marked = mark_dead_letters_of_former_log(db_, in_.recreated); !marked) return marked;
  }
  for (std::size_t i = 0; i < in_.events.size(); ++i) {
    if (auto added = add(i); !added) return added;
  }
  if (keep_rejected) {
    for (const RejectedRecord& record : in_.rejected) add(record);
  }
  for (const auto& [link, time] : links_) {
    out_.Put(db_.family(Family::sessions), encode_link_key(link.first, link.second), encode_link(time));
  }
  for (const auto& [owner, erasure] : erasures_) put_erasure(db_, out_, erasure);
  if (items_) {
    items_->write(out_);
    counts_.items = items_->counts();
  }
  set_positions();
  return {};
}

void HistoryCommit::finish() {
  db_.stream_time->raise(stream_time_);
  db_.newest_arrival->raise(newest_arrival_);
  if (!erasures_.empty()) db_.linked.clear();
  for (const auto& [link, time] : links_) db_.linked.add(link.first, link.second, time);
  for (const auto& [owner, erasure] : erasures_) db_.erased.put(owner, erasure.before);
  if (items_) items_->finish();
}

/// For the event ids of the batch that were accepted before it: where each was first accepted.
Result<void> HistoryCommit::find_known_ids() {
  ids_.reserve(in_.events.size());
  std::vector<rocksdb::Slice> keys;
  for (const PositionedEvent& entry : in_.events) {
    ids_.push_back(entry.event.id.empty() ? "" : dedupe_key(entry.event));
    if (!ids_.back().empty()) keys.emplace_back(ids_.back());
  }
  if (keys.empty()) return {};
  const std::vector<rocksdb::ColumnFamilyHandle*> families(keys.size(), db_.family(Family::dedupe));
  std::vector<std::string> values;
  const auto statuses = db_.db->MultiGet(rocksdb::ReadOptions{}, families, keys, &values);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].ok()) {
      const auto value = decode_dedupe(values[i]);
      if (!value) return Error{Errc::corrupt, "the place of an event id cannot be decoded"};
      known_.emplace(to_view(keys[i]), *value);
    } else if (!statuses[i].IsNotFound()) {
      return to_error(statuses[i]);
    }
  }
  return {};
}

/// In a partition whose log was recreated, the positions of unfinished erasures would mean other records.
Result<void> HistoryCommit::forget_positions_of_recreated() {
  if (in_.recreated.empty() || db_.erased.empty()) return {};
  auto erasures = unfinished_erasures(db_);
  if (!erasures) return erasures.error();
  for (Erasure& erasure : *erasures) {
    for (const std::int32_t partition : in_.recreated) {
      if (const auto own = erasure.before.find(partition); own != erasure.before.end()) own->second = 0;
    }
    put_erasure(db_, out_, erasure);
    db_.erased.put(erasure.owner, erasure.before);
  }
  return {};
}

Result<void> HistoryCommit::add(std::size_t index) {
  const PositionedEvent& entry = in_.events[index];
  const Event& event = entry.event;
  if (event.kind == EventKind::erase) {
    ++counts_.erased;
    for (const Owner& owner : owners_of(event)) {
      if (auto erased = erase(index, owner); !erased) return erased;
    }
    return {};
  }
  if (event.kind == EventKind::item) {
    FRESHET_CHECK(items_.has_value());
    items_->change(entry);
    return {};
  }
  if (event.kind == EventKind::served) {
    lists_.push_back(index);
    return add_list(entry);
  }
  if (!event.consent) {
    ++counts_.withheld;
  } else if (!event.id.empty() && !accept_id(index)) {
    ++counts_.duplicates;
  } else {
    stream_time_ = std::max(stream_time_, event.time);
    put_rows(entry);
    if (items_) items_->visit(entry);
  }
  return {};
}

/// A row for the user, and one for the session. None of an owner that an erasure has erased before it could be read,
/// and none in a session of what an erased user did there.
void HistoryCommit::put_rows(const PositionedEvent& entry) {
  const auto [user, session] = owners_of(entry.event);
  const bool user_erased = db_.erased.covers(user, entry.position);
  const bool session_erased = db_.erased.covers(session, entry.position);
  if (user_erased || (session_erased && user.id.empty())) {
    ++counts_.overtaken;
    return;
  }
  const std::string value = encode_event_value(entry.event);
  if (!user.id.empty()) put_row(user, entry, value);
  if (!session.id.empty() && !session_erased) {
    put_row(session, entry, value);
    // After an erasure in this batch `linked` may know links that the batch deletes.
    if (!user.id.empty() && (!erasures_.empty() || db_.linked.wants(user.id, session.id, entry.event.time))) {
      link(entry.event);
    }
  }
  ++counts_.stored;
}

/// A row for the owner of a list. It does not move stream time, since it is no event.
Result<void> HistoryCommit::add_list(const PositionedEvent& entry) {
  for (const Owner& owner : owners_of(entry.event)) {
    if (owner.id.empty()) continue;
    const auto erased = is_of_erased(owner, entry.position);
    if (!erased) return erased.error();
    if (*erased) {
      ++counts_.overtaken;
      continue;
    }
    out_.Put(db_.family(Family::served), encode_history_key({owner, entry.event.time, entry.position}),
             encode_served_list(*entry.event.served));
    ++counts_.lists;
  }
  return {};
}

/// True if an erasure that was not read from the log has erased the owner of a list, or a user who was in the session that
/// it is for.
Result<bool> HistoryCommit::is_of_erased(const Owner& owner, const Position& position) {
  if (db_.erased.empty()) return false;
  if (db_.erased.covers(owner, position)) return true;
  if (owner.kind == Owner::Kind::user) return false;
  if (!unfinished_) {
    auto read = unfinished_erasures(db_);
    if (!read) return read.error();
    unfinished_ = *std::move(read);
  }
  return std::ranges::any_of(*unfinished_, [&](const Erasure& erasure) {
    return erasure.touched.contains(owner) && is_below(position, erasure.before);
  });
}

void HistoryCommit::link(const Event& event) {
  Timestamp& time = links_.try_emplace({event.user, event.session}, event.time).first->second;
  time = std::max(time, event.time);
}

void HistoryCommit::put_row(Owner owner, const PositionedEvent& entry, const std::string& value) {
  out_.Put(db_.family(Family::history), encode_history_key({std::move(owner), entry.event.time, entry.position}),
           value);
}

/// An erase record, which comes after the events before `index`.
Result<void> HistoryCommit::erase(std::size_t index, const Owner& owner) {
  const PositionedEvent& record = in_.events[index];
  if (owner.id.empty()) return {};
  // A request has erased already, and nothing that the record covers has been written since.
  if (record.event.partition_only && db_.erased.covers(owner, record.position)) {
    counts_.carried_out.insert(record.position);
    return {};
  }
  const Positions after{{record.position.partition, record.position.offset + 1}};
  const ErasedPart part{after, !record.event.partition_only, after};

  // Rows that this batch has added are not in the store yet.
  if (owner.kind == Owner::Kind::user) {
    std::erase_if(links_, [&](const auto& link) { return link.first.first == owner.id; });
  }
  std::vector<std::string> covered;
  std::set<std::string> sessions;
  bool keeps_own = false;
  for (const std::size_t earlier : interactions_before(index, owner)) {
    const PositionedEvent& entry = in_.events[earlier];
    if (!part.covers(entry.position)) {
      keeps_own = true;
      if (!entry.event.user.empty() && !entry.event.session.empty()) link(entry.event);
      continue;
    }
    if (owner.kind == Owner::Kind::user && !entry.event.session.empty()) sessions.insert(entry.event.session);
    for (const Owner& other : owners_of(entry.event)) {
      const bool named = owner.kind == Owner::Kind::user || other == owner;
      if (named) covered.push_back(encode_history_key({other, entry.event.time, entry.position}));
    }
  }
  auto erasure = erase_history(db_, out_, owner, part, keeps_own);
  if (!erasure) return erasure.error();
  for (const std::int32_t partition : in_.recreated) {
    erasure->before[partition] = partition == record.position.partition ? record.position.offset + 1 : 0;
  }
  for (const std::string& key : covered) out_.Delete(db_.family(Family::history), key);
  if (auto erased = erase_lists(index, part, sessions, *erasure); !erased) return erased;
  const auto [earlier, first] = erasures_.emplace(owner, *erasure);
  if (!first) merge(earlier->second, *erasure);
  return {};
}

/// The lists that erase_history() does not find: those of `sessions` that the user was in only in this batch, and those of
/// this batch before `index`.
Result<void> HistoryCommit::erase_lists(std::size_t index, const ErasedPart& part,
                                        const std::set<std::string>& sessions, Erasure& erasure) {
  for (const std::string& id : sessions) {
    const Owner session{Owner::Kind::session, id};
    if (!erasure.touched.insert(session).second) continue;
    if (const auto status = delete_lists(db_, out_, session, part); !status.ok()) return to_error(status);
  }
  for (const std::size_t earlier : lists_) {
    const PositionedEvent& list = in_.events[earlier];
    for (const Owner& owner : owners_of(list.event)) {
      if (earlier < index && erasure.touched.contains(owner) && part.covers(list.position)) {
        out_.Delete(db_.family(Family::served), encode_history_key({owner, list.event.time, list.position}));
      }
    }
  }
  return {};
}

/// Numbers of the owner's interactions in the batch before `index`, which only grows from call to call. Few batches
/// have an erase record, so the others are spared the index.
std::span<const std::size_t> HistoryCommit::interactions_before(std::size_t index, const Owner& owner) {
  for (; indexed_ < index; ++indexed_) {
    const Event& event = in_.events[indexed_].event;
    if (event.kind != EventKind::interaction) continue;
    for (Owner& one : owners_of(event)) by_owner_[std::move(one)].push_back(indexed_);
  }
  return by_owner_[owner];
}

namespace {

std::string without_quoted(std::string reason) {
  if (const auto part = quoted(reason); !part.empty()) {
    reason.replace(static_cast<std::size_t>(part.data() - reason.data()), part.size(), "...");
  }
  return reason;
}

}  // namespace

void HistoryCommit::add(const RejectedRecord& record) {
  // A record that cannot be decoded may contain ids anywhere.
  const std::string value =
      db_.options.pseudonym_key.empty()
          ? encode_rejected(cut_dead_letter(record))
          : encode_rejected({record.position, record.arrival, without_quoted(record.reason), {}, {}, {}});
  out_.Put(db_.family(Family::dead_letters), encode_position(record.position), value);
}

void HistoryCommit::set_positions() {
  for (const auto& [partition, offset] : in_.next) {
    std::string key, value;
    ByteWriter(key).fixed(partition);
    ByteWriter(value).fixed(offset);
    out_.Put(db_.family(Family::positions), key, value);
  }
  for (const auto& [key, time] : {std::pair{kStreamTimeKey, stream_time_},
                                  {kJudgedStreamTimeKey, db_.stream_time->judged()},
                                  {kJudgedArrivalKey, db_.newest_arrival->judged()}}) {
    std::string value;
    ByteWriter(value).fixed(to_ms(time));
    out_.Put(db_.family(Family::meta), to_slice(key), value);
  }
}

/// False if the id was accepted at another position within the window. At the same position it is the same record, read
/// again after a crash, and must be written again.
bool HistoryCommit::accept_id(std::size_t index) {
  const PositionedEvent& entry = in_.events[index];
  const std::string& id = ids_[index];
  const auto known = known_.find(id);
  newest_arrival_ = std::max(newest_arrival_, entry.arrival);
  if (known != known_.end() && known->second.position != entry.position &&
      known->second.arrival >= entry.arrival - db_.options.dedupe_window) {
    return false;
  }
  const DedupeValue value{entry.arrival, entry.position};
  out_.Put(db_.family(Family::dedupe), to_slice(id), encode_dedupe(value));
  known_.insert_or_assign(id, value);
  return true;
}

}  // namespace freshet::store
