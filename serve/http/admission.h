#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace freshet::serve {

/// Whose lists a thread that is behind still makes.
///
/// A round is what was ready to run when its first request was taken; it ends when all of that has run. A burst makes
/// a long round, and then none: only when there was no short one for `patience` is the thread overloaded (CoDel's rule
/// and its target: Nichols and Jacobson, "Controlling Queue Delay", 2012), until there was no long one for kCalm. While
/// it is overloaded, a round's requests are all read before the first of them is answered, and then the newest comes
/// first (adaptive LIFO: Maurer, "Fail at Scale", 2015): who is served has hardly waited, and who has waited longest is
/// refused, which costs next to nothing, as soon as the target is used up.
/// Threads: the context's one.
class Admission {
 public:
  using Clock = std::chrono::steady_clock;
  using Decision = std::function<void(bool admitted)>;

  static constexpr std::chrono::milliseconds kTarget{5}, kCalm{25};

  /// `context` is run by one thread and outlives this. `now`: for tests.
  Admission(boost::asio::io_context& context, std::chrono::milliseconds patience,
            std::function<Clock::time_point()> now = Clock::now)
      : context_(context), patience_(patience), now_(std::move(now)) {}

  /// To be asked for every request. True: it is admitted. False: decide() will be, with what it then tells.
  bool admits() {
    const Clock::time_point now = now_();
    if (!round_) {
      round_ = now;
      boost::asio::post(context_, [this] { end_round(); });  // behind everything that is ready now
    }
    return now >= overloaded_until_;
  }

  /// `decision` is called on this thread at the end of the round: make the answer, or refuse it if it can be refused.
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
  std::optional<Clock::time_point> round_;       // when the one that is on began
  std::optional<Clock::time_point> long_since_;  // the beginning of the first of only long rounds
  Clock::time_point overloaded_until_{};
  std::vector<Decision> waiting_;  // in order of arrival
};

}  // namespace freshet::serve
