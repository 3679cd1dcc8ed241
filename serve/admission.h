#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <utility>

namespace freshet::serve {

/// Whether a thread that is behind still makes lists, or says so at once.
///
/// A round is what was ready to run when its first request was taken; it ends when all of that has run. What is taken
/// late in a long round has waited, and what is not ready yet will wait for all of it. A burst makes long rounds too,
/// and then none: only when there was no short one for `patience` is the thread overloaded, and what comes later in a
/// round than kTarget is refused, which costs next to nothing, until a round is short again. That is CoDel's rule and
/// its target (Nichols and Jacobson, "Controlling Queue Delay", 2012), with requests refused instead of packets
/// dropped.
/// Threads: the context's one.
class Admission {
 public:
  using Clock = std::chrono::steady_clock;

  static constexpr std::chrono::milliseconds kTarget{5};

  /// `context` is run by one thread and outlives this. `now`: for tests.
  Admission(boost::asio::io_context& context, std::chrono::milliseconds patience,
            std::function<Clock::time_point()> now = Clock::now)
      : context_(context), patience_(patience), now_(std::move(now)) {}

  /// To be asked for every request. False: refuse it, if it can be refused.
  bool admits() {
    const Clock::time_point now = now_();
    if (!round_) {
      round_ = now;
      boost::asio::post(context_, [this] { end_round(); });  // behind everything that is ready now
    }
    const bool overloaded = long_since_ && now - *long_since_ > patience_;
    return !overloaded || now - *round_ <= kTarget;
  }

 private:
  void end_round() {
    if (now_() - *round_ <= kTarget) {
      long_since_.reset();
    } else if (!long_since_) {
      long_since_ = round_;
    }
    round_.reset();
  }

  boost::asio::io_context& context_;
  const std::chrono::milliseconds patience_;
  const std::function<Clock::time_point()> now_;
  std::optional<Clock::time_point> round_;       // when the one that is on began
  std::optional<Clock::time_point> long_since_;  // the beginning of the first of only long rounds
};

}  // namespace freshet::serve
