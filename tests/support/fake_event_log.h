#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ingest/event_log.h"

namespace freshet::testing {

/// An event log whose one reader returns what a test has scripted. One thread.
class FakeEventLog final : public ingest::EventLog {
 public:
  // Behavior of the reader.
  std::deque<Result<ingest::LogBatch>> polls;  ///< after these it calls `at_end` and returns empty batches
  std::function<void()> at_end = [] {};
  std::function<void()> on_idle = [] {};
  Positions ends;
  std::uint64_t generation = 1;
  std::set<int> lost;  ///< partitions that held_since() denies

  // Behavior of the log.
  bool has_dead_letter_topic = false;
  int failing_dead_letters = 0;  ///< number of calls that fail first

  // Calls of it.
  std::function<void(const std::string&)> note = [](const std::string&) {};
  std::vector<RejectedRecord> dead_letters;
  ingest::PositionsOf positions_of;
  std::size_t idles = 0;

  void append(std::vector<ingest::LogEntry>, Appended done) override { done(Error{Errc::unavailable, "fake"}); }
  std::unique_ptr<ingest::LogReader> open_reader(ingest::Sharing, ingest::PositionsOf asked) override {
    positions_of = std::move(asked);
    return std::make_unique<Reader>(*this);
  }
  Result<bool> forget(std::span<const store::Erasure>) override { return true; }
  std::string problem() const override { return ""; }
  std::string_view name() const override { return "fake"; }
  bool keeps_dead_letters() const override { return has_dead_letter_topic; }
  Result<void> append_dead_letters(std::span<const RejectedRecord> rejected, std::chrono::milliseconds) override {
    if (failing_dead_letters > 0) {
      --failing_dead_letters;
      return Error{Errc::timed_out, "dead letters not acknowledged"};
    }
    note("dead letters");
    dead_letters.insert(dead_letters.end(), rejected.begin(), rejected.end());
    return {};
  }

 private:
  class Reader final : public ingest::LogReader {
   public:
    explicit Reader(FakeEventLog& log) : log_(log) {}
    Result<ingest::LogBatch> poll(std::size_t, std::chrono::milliseconds) override {
      if (log_.polls.empty()) {
        log_.at_end();
        return ingest::LogBatch{};
      }
      auto next = std::move(log_.polls.front());
      log_.polls.pop_front();
      return next;
    }
    void seek(const Positions&) override {}
    Positions end_positions() const override { return log_.ends; }
    void commit(const Positions& positions) override { log_.note("log " + to_token(positions)); }
    void idle(std::chrono::milliseconds) override {
      ++log_.idles;
      log_.on_idle();
    }
    std::uint64_t generation() const override { return log_.generation; }
    bool held_since(int partition, std::uint64_t) const override { return !log_.lost.contains(partition); }
    std::uint64_t lost_records() const override { return 0; }

   private:
    FakeEventLog& log_;
  };
};

}  // namespace freshet::testing
