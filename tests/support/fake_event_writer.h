// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json.hpp>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/event_writer.h"
#include "ingest/codec/event_decoder.h"

namespace freshet::testing {

/// Records what is submitted, and answers as the test says.
/// Threads: submit() and answer_held() may be called concurrently; everything else is for single-threaded tests.
class FakeEventWriter final : public EventWriter {
 public:
  using Done = std::function<void(Result<Receipt>)>;

  std::uint64_t weigh(std::string_view, std::size_t, BodyForm) const override { return weight; }

  void submit(std::string_view body, const Submission& submission, Done done) override {
    {
      const std::lock_guard lock(mutex_);
      bodies.emplace_back(body);
      senders.push_back(submission.sender);
    }
    if (before_answer) before_answer();
    {
      const std::lock_guard lock(mutex_);
      if (hold) {
        held_.push_back(std::move(done));
        return;
      }
    }
    done(answer);
  }

  Result<Event> judge(std::string_view text) override {
    return ingest::EventDecoder({}).decode(text, {}, timestamp_from_ms(4'000'000'000'000));
  }

  Result<void> judge_type(std::string_view type) override { return ingest::EventDecoder({}).check_type(type); }

  void erase(const Owner& owner, std::function<void(Result<EraseReceipt>)> done) override {
    erased.push_back(owner);
    done(EraseReceipt{{{0, 1'000'000}}, {{0, 1}}});
  }

  std::size_t submitted() {
    const std::lock_guard lock(mutex_);
    return bodies.size();
  }

  /// Answers the oldest submit that was held back; false if there is none.
  bool answer_held(Result<Receipt> receipt) {
    Done done;
    {
      const std::lock_guard lock(mutex_);
      if (held_.empty()) return false;
      done = std::move(held_.front());
      held_.pop_front();
    }
    done(std::move(receipt));
    return true;
  }

  Result<Receipt> answer = Receipt{1, {}, {{0, 7}}};
  std::uint64_t weight = 1;  ///< of every body
  bool hold = false;
  std::function<void()> before_answer;  ///< what submit() does meanwhile; may wait
  std::vector<std::string> bodies;
  std::vector<std::string> senders;  ///< one per body
  std::vector<Owner> erased;

 private:
  std::mutex mutex_;
  std::deque<Done> held_;  // guarded by mutex_
};

}  // namespace freshet::testing
