#pragma once

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "serve/event_sink.h"

namespace freshet::testing {

/// Takes what it is told to take.
class FakeEventSink final : public serve::EventSink {
 public:
  void submit(std::string_view body, std::size_t, std::function<void(Result<serve::SubmitReceipt>)> done) override {
    bodies.emplace_back(body);
    if (hold) {
      held.push_back(std::move(done));
    } else {
      done(answer);
    }
  }

  void erase(const Owner& owner, std::function<void(Result<Positions>)> done) override {
    erased.push_back(owner);
    done(Positions{{0, 1}});
  }

  Result<serve::SubmitReceipt> answer = serve::SubmitReceipt{1, {}, {{0, 7}}};
  bool hold = false;
  std::vector<std::function<void(Result<serve::SubmitReceipt>)>> held;
  std::vector<std::string> bodies;
  std::vector<Owner> erased;
};

}  // namespace freshet::testing
