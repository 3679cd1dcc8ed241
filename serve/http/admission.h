// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace freshet::serve {

/// Decides which requests an overloaded I/O thread still serves.
///
/// A round is the work that is ready to run when its first request is taken; it ends when all of that has run. The
/// thread is overloaded if rounds stay longer than kTarget for `patience` (CoDel's rule and target: Nichols and
/// Jacobson, "Controlling Queue Delay", 2012), until none is longer for kCalm. A single burst makes one long round and
/// is no overload. Under overload all requests of a round are read before the first is answered, and the newest is
/// answered first (adaptive LIFO: Maurer, "Fail at Scale", 2015). So served requests have hardly waited, and the oldest
/// are refused, at almost no cost, once the round exceeds kTarget.
/// Threads: the context's only thread.
class Admission {
 public:
  using Clock = std::chrono::steady_clock;
  using Decision = std::function<void(bool admitted)>;

  static constexpr std::chrono::milliseconds kTarget{5}, kCalm{25};

  /// `context` is run by one thread and outlives this. `now`: for tests.
  Admission(boost::asio::io_context& context, std::chrono::milliseconds patience,
            std::function<Clock::time_point()> now = Clock::now)
      : context_(context), patience_(patience), now_(std::move(now)) {}

  /// Call for every request. True: the request is admitted. False: call decide().
  bool admits() {
    const Clock::time_point now = now_();
    if (!round_) {
      round_ = now;
      boost::asio::post(context_, [this] { end_round(); });  // behind everything that is ready now
    }
    return now >= overloaded_until_;
  }

  /// Calls `decision` on this thread at the end of the round. Not admitted: refuse the request if it is sheddable.
  void decide(Decision decision) { waiting_.push_back(std::move(decision)); }

 private:
  void end_round() {
    while (!waiting_.empty()) {
      const Decision decision = std::move(waiting_.back());
      waiting_.pop_back();
      decision(now_() - *round_ <= kTarget);
    }
    const Clock::time_point now = now_();
    if (now - *round_ <= kTarget) {
      long_since_.reset();
    } else {
      if (!long_since_) long_since_ = round_;
      if (now < overloaded_until_ || now - *long_since_ >= patience_) overloaded_until_ = now + kCalm;
    }
    round_.reset();
  }

  boost::asio::io_context& context_;
  const std::chrono::milliseconds patience_;
  const std::function<Clock::time_point()> now_;
  std::optional<Clock::time_point> round_;       // start of the current round
  std::optional<Clock::time_point> long_since_;  // start of the first of a series of long rounds
  Clock::time_point overloaded_until_{};
  std::vector<Decision> waiting_;  // in order of arrival
};

}  // namespace freshet::serve
