#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/event.h"
#include "online/measure/evaluation.h"
#include "online/model/model.h"
#include "online/part/options.h"

namespace freshet::cli {

/// What `freshet evaluate` judges: it ranks before it takes each event. Threads: one.
class Predictor {
 public:
  virtual ~Predictor() = default;

  virtual std::vector<std::string> part_names() const = 0;

  /// Predicts the event's item, then takes the event. What was covered goes into `evaluation`; recording the ranks is
  /// the caller's. `learns`: false for a test set. The reference is valid until the next call.
  virtual const online::Model::Outcome& take(const Event& event, bool learns, online::Evaluation& evaluation) = 0;

  /// At the moment, of the parts that predict clicks, as far as they can be seen.
  virtual std::vector<std::pair<std::string, online::Calibration>> calibration() const = 0;

  /// Distinct items seen so far.
  virtual std::size_t items() const = 0;

  /// Of every random choice of the model.
  virtual std::uint64_t seed() const = 0;
};

/// The model of the service in this process, without the service.
std::unique_ptr<Predictor> make_model_predictor(const online::Options& options);

/// A running service: asks for a list over HTTP, then sends the event and waits until it is in the history. Only the
/// blend is seen from outside. Which events are scored follows from the service's own options (/v1/status).
/// Errors: std::runtime_error when the service does not answer as expected, or cuts sessions after another pause than
/// `session_gap` (if that is given). A service that has learned before is named on standard error.
std::unique_ptr<Predictor> make_service_predictor(const std::string& url,
                                                  std::optional<std::chrono::seconds> session_gap);

}  // namespace freshet::cli
