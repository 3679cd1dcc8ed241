// SPDX-License-Identifier: Apache-2.0
#include "ingest/embedded/embedded_log.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "ingest/codec/event_decoder.h"

namespace freshet::ingest {
namespace {

constexpr std::size_t kMaxReadBytes = std::size_t{4} << 20;

const char* const kFull =
    "the event log is full (embedded.max_bytes): events are refused until the histories and the learner's checkpoint "
    "contain older ones";

}  // namespace

class EmbeddedLog::Reader final : public LogReader {
 public:
  Reader(EmbeddedLog& log, const Positions& positions) : log_(log) {
    seek(positions);
    const MutexLock lock(log_.mutex_);
    // Positions given here are those of the reader's store, and durable. The learner gives none and seeks later, so
    // nothing of it is committed yet.
    log_.committed_.emplace(this, positions.empty() ? -1 : offset_);
    log_.readers_known_ = false;
  }

  ~Reader() override {
    const MutexLock lock(log_.mutex_);
    log_.committed_.erase(this);
    log_.readers_known_ = false;
  }

  Result<LogBatch> poll(std::size_t max_records, std::chrono::milliseconds timeout) override {
    {
      MutexLock lock(log_.mutex_);
      log_.grown_.wait_for(lock.native(), timeout, [&] { return recreated_ || log_.journal_.end() > offset_; });
    }
    const std::int64_t end =
        log_.journal_.end();  // before read(), which then returns the first record below it, if any
    auto records = log_.journal_.read(offset_, max_records, kMaxReadBytes);
    if (!records) return records.error();
    LogBatch batch;
    if (records->empty() && offset_ < end) batch.next[0] = offset_ = end;  // everything below it has been trimmed
    batch.records.reserve(records->size());
    for (store::JournalRecord& record : *records) {
      offset_ = record.offset + 1;
      if (record.erased) continue;
      batch.records.push_back({{0, record.offset}, record.arrival, std::move(record.key), std::move(record.value), {}});
    }
    if (!records->empty() || recreated_) batch.next[0] = offset_;
    if (std::exchange(recreated_, false)) batch.recreated.insert(0);
    return batch;
  }

  void seek(const Positions& positions) override {
    const auto own = positions.find(0);
    offset_ = own == positions.end() ? 0 : own->second;
    recreated_ = offset_ > log_.journal_.end();
    if (!recreated_) return;
    // This is another journal. Waiting until it has grown to the position would skip its records.
    log::error("the event log ends before a reader's position: it was replaced; reading it from its beginning",
               {{"position", offset_}, {"end", log_.journal_.end()}});
    offset_ = 0;
  }

  Positions end_positions() const override { return {{0, log_.journal_.end()}}; }

  void commit(const Positions& positions) override {
    const auto own = positions.find(0);
    if (own == positions.end()) return;
    const MutexLock lock(log_.mutex_);
    log_.committed_[this] = own->second;
    log_.readers_known_ = true;
    log_.note_move();
  }

  void idle(std::chrono::milliseconds duration) override { std::this_thread::sleep_for(duration); }

 private:
  EmbeddedLog& log_;
  std::int64_t offset_ = 0;
  bool recreated_ = false;  // the next batch says so
};

EmbeddedLog::EmbeddedLog(store::Journal& journal, const EmbeddedOptions& options, const DecodeOptions& decode,
                         const Clock& clock, Metrics& metrics)
    : journal_(journal),
      options_(options),
      decode_(decode),
      clock_(clock),
      bytes_gauge_(metrics.gauge("freshet_ingest_log_bytes", "Size of the records in the embedded log.")),
      records_gauge_(metrics.gauge("freshet_ingest_log_records", "Records in the embedded log.")),
      full_gauge_(metrics.gauge("freshet_ingest_log_full",
                                "1 while the embedded log refuses events because of embedded.max_bytes, else 0.")),
      full_(is_too_large()),
      thread_([this] {
        pthread_setname_np(pthread_self(), "freshet-journal");
        run();
      }) {}

EmbeddedLog::~EmbeddedLog() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  queued_.notify_one();
  thread_.join();
  FRESHET_CHECK(committed_.empty());
}

void EmbeddedLog::append(std::vector<LogEntry> entries, Appended done) {
  if (entries.empty()) return done(Positions{});
  std::size_t bytes = 0;
  for (const LogEntry& entry : entries) bytes += entry.key.size() + entry.value.size();
  const bool waits = std::ranges::all_of(entries, &LogEntry::may_wait);
  const auto write_by = std::chrono::steady_clock::now() + (waits ? kLongestWait : std::chrono::milliseconds(0));
  Error refused{Errc::overloaded, "the queue of the event log is full; try again later"};
  {
    MutexLock lock(mutex_);
    const bool fits = queue_.records + entries.size() <= options_.max_queued_records &&
                      queue_.bytes + bytes <= options_.max_queued_bytes;
    if (stopping_) {
      refused = {Errc::shutting_down, "the service is stopping"};
    } else if (full_ && !std::ranges::all_of(entries, &LogEntry::erases)) {
      refused = {Errc::overloaded, kFull};
    } else if (fits || queue_.appends.empty()) {
      queue_.records += entries.size();
      queue_.bytes += bytes;
      queue_.appends.push_back({std::move(entries), std::move(done)});
      const bool wakes = write_by < queue_.write_by;
      queue_.write_by = std::min(queue_.write_by, write_by);
      lock.unlock();  // first, or the woken thread would wait for the lock
      if (wakes) queued_.notify_one();
      return;
    }
  }
  done(std::move(refused));
}

std::unique_ptr<LogReader> EmbeddedLog::open_reader(Sharing, PositionsOf positions_of) {
  return std::make_unique<Reader>(*this, positions_of ? positions_of() : Positions{});
}

std::string EmbeddedLog::problem() const {
  const std::string problem = journal_.problem();
  if (!problem.empty()) return "events cannot be written: " + problem;
  const MutexLock lock(mutex_);
  return full_ ? kFull : "";
}

/// Waits for appends that are to be written, a trim, or the end, and takes the queue. Nullopt at the end, once all is
/// written. `trim_now`: a trim may help a full log.
std::optional<EmbeddedLog::Queue> EmbeddedLog::next_queue(std::chrono::steady_clock::time_point next_trim,
                                                          bool& trim_now) {
  MutexLock lock(mutex_);
  while (!stopping_ && !(full_ && reader_moved_)) {
    const auto until = std::min(next_trim, queue_.write_by);
    if (std::chrono::steady_clock::now() >= until) break;
    queued_.wait_until(lock.native(), until);
  }
  if (stopping_ && queue_.appends.empty()) return std::nullopt;
  trim_now = full_ && reader_moved_;
  return std::exchange(queue_, {});
}

void EmbeddedLog::run() {
  auto next_trim = std::chrono::steady_clock::now() + options_.trim_interval;
  report();
  bool trim_now = false;
  while (auto queue = next_queue(next_trim, trim_now)) {
    if (!queue->appends.empty()) {
      write(std::move(queue->appends));
      trim_now |= is_too_large();
    }
    if (trim_now || std::chrono::steady_clock::now() >= next_trim) {
      trim();
      next_trim = std::chrono::steady_clock::now() + options_.trim_interval;
    }
    report();
  }
}

/// Group commit: everything queued during one fsync shares the next one.
void EmbeddedLog::write(std::vector<Pending> pending) {
  std::vector<store::JournalRecord> records;
  const Timestamp now = clock_.now();
  for (Pending& append : pending) {
    for (LogEntry& entry : append.entries) {
      records.push_back({0, now, std::move(entry.key), std::move(entry.value)});
    }
  }
  const auto first = journal_.append(records);
  if (first) {
    // A reader that saw the old end under the lock is waiting once the lock has been free.
    { const MutexLock lock(mutex_); }
    grown_.notify_all();
  }
  std::int64_t end = first ? *first : 0;
  for (const Pending& append : pending) {
    end += static_cast<std::int64_t>(append.entries.size());
    append.done(first ? Result<Positions>(Positions{{0, end}}) : Result<Positions>(first.error()));
  }
}

/// No reader needs a record below it, even after a crash.
std::int64_t EmbeddedLog::committed_by_all() const {
  const MutexLock lock(mutex_);
  if (!readers_known_) return 0;
  std::int64_t safe = journal_.end();
  for (const auto& [reader, offset] : committed_) safe = std::min(safe, offset);
  return safe;
}

Result<bool> EmbeddedLog::forget(std::span<const store::Erasure> erasures) {
  std::int64_t end = 0;  // after the last erase record
  std::map<Owner, std::int64_t> ends, ends_of_lists;
  for (const store::Erasure& erasure : erasures) {
    const auto own = erasure.before.find(0);
    if (own == erasure.before.end()) continue;
    end = std::max(end, ends[erasure.owner] = own->second);
    // What a user's sessions were shown follows from what the user did in them.
    for (const Owner& session : erasure.touched) {
      auto& last = ends_of_lists[session];
      last = std::max(last, own->second);
    }
  }
  if (end > committed_by_all()) return false;

  const auto is_within = [](const std::map<Owner, std::int64_t>& of, const Owner& owner, std::int64_t offset) {
    const auto own_end = of.find(owner);
    return own_end != of.end() && offset < own_end->second;
  };
  const auto is_erased = [&](const Owner& owner, std::int64_t offset) { return is_within(ends, owner, offset); };
  EventDecoder decoder(decode_);
  const auto erased = journal_.erase(end, [&](const store::JournalRecord& record) {
    const auto event = decoder.decode(record.value, {}, record.arrival);
    // A record that is not an event belongs to the owner that its key names.
    const std::string& user = event ? event->user : record.key;
    const std::string& session = event ? event->session : record.key;
    if (event && event->kind == EventKind::served && !session.empty() &&
        is_within(ends_of_lists, {Owner::Kind::session, session}, record.offset)) {
      return true;
    }
    // An event with a user belongs to the user, even if it has a session too.
    return is_erased({Owner::Kind::user, user}, record.offset) ||
           ((!event || event->user.empty()) && is_erased({Owner::Kind::session, session}, record.offset));
  });
  if (!erased) return erased.error();
  return true;
}

bool EmbeddedLog::is_too_large() const {
  return options_.max_bytes > 0 && journal_.bytes() > static_cast<std::int64_t>(options_.max_bytes);
}

/// What a full log waits for.
void EmbeddedLog::note_move() {
  reader_moved_ = true;
  if (full_) queued_.notify_one();
}

void EmbeddedLog::trim() {
  bool was_full = false;
  {
    const MutexLock lock(mutex_);
    was_full = full_;
    reader_moved_ = false;
  }
  const std::int64_t safe = committed_by_all();
  // By more than is needed, so that not every append deletes something, or fills the log again.
  const auto most = static_cast<std::int64_t>(options_.max_bytes - options_.max_bytes / 8);
  const bool shrink = was_full || is_too_large();
  if (safe > journal_.begin()) {
    const auto trimmed =
        journal_.trim(safe, clock_.now() - options_.retention, shrink ? most : store::Journal::kAnyBytes);
    if (!trimmed) log::warn("cannot trim the event log; trying again later", {{"reason", trimmed.error().message}});
  }
  const bool full = is_too_large() || (was_full && journal_.bytes() > most);
  {
    const MutexLock lock(mutex_);
    full_ = full;
  }
  if (full && !was_full) log::error(kFull, {{"bytes", journal_.bytes()}, {"max_bytes", options_.max_bytes}});
  if (was_full && !full) log::info("the event log accepts events again", {{"bytes", journal_.bytes()}});
}

void EmbeddedLog::report() const {
  bytes_gauge_.Set(static_cast<double>(journal_.bytes()));
  records_gauge_.Set(static_cast<double>(journal_.end() - journal_.begin()));
  const MutexLock lock(mutex_);
  full_gauge_.Set(full_ ? 1 : 0);
}

}  // namespace freshet::ingest
