// SPDX-License-Identifier: Apache-2.0
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

/// An event log whose one reader returns the scripted polls.
/// Threads: one.
class FakeEventLog final : public ingest::EventLog, private ingest::DeadLetterSink {
 public:
  // Behavior of the reader.
  std::deque<Result<ingest::LogBatch>> polls;  ///< after these it calls `at_end` and returns empty batches
  std::function<void()> at_end = [] {};
  std::function<void()> on_idle = [] {};
  Positions ends;
  std::set<int> revoked;

  // Behavior of the log.
  bool has_dead_letter_topic = false;
  int failing_dead_letters = 0;  ///< number of calls that fail first

  // Calls of it.
  std::function<void(const std::string&)> note = [](const std::string&) {};
  ingest::PositionsOf positions_of;
  std::size_t idles = 0;

  void append(std::vector<ingest::LogEntry>, Appended done) override { done(Error{Errc::unavailable, "fake"}); }
  std::unique_ptr<ingest::LogReader> open_reader(ingest::Sharing, ingest::PositionsOf asked) override {
    positions_of = std::move(asked);
    return std::make_unique<Reader>(*this);
  }
  Result<std::vector<std::int32_t>> partitions() const override { return std::vector<std::int32_t>{0}; }
  Result<bool> forget(std::span<const store::Erasure>) override { return true; }
  std::string problem() const override { return ""; }
  std::string_view name() const override { return "fake"; }
  ingest::DeadLetterSink* dead_letters() override { return has_dead_letter_topic ? this : nullptr; }

 private:
  Result<void> append(std::span<const RejectedRecord>, std::chrono::milliseconds) override {
    if (failing_dead_letters > 0) {
      --failing_dead_letters;
      return Error{Errc::timed_out, "dead letters not acknowledged"};
    }
    note("dead letters");
    return {};
  }

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
    std::set<int> revoked() const override { return log_.revoked; }

   private:
    FakeEventLog& log_;
  };
};

}  // namespace freshet::testing
