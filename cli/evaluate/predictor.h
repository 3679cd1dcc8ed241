// SPDX-License-Identifier: Apache-2.0
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

/// What `freshet evaluate` evaluates: it ranks the items before it takes each event.
/// Threads: one.
class Predictor {
 public:
  virtual ~Predictor() = default;

  virtual std::vector<std::string> part_names() const = 0;

  /// Takes the record of a catalogue entry, before all events.
  virtual void describe(const Event& put) = 0;

  /// Predicts the item of the event, then takes the event. Notes the listed items in `evaluation` (cover()); the caller
  /// records the ranks. `learns`: false for a test set. The reference is valid until the next call.
  virtual const online::Model::Outcome& take(const Event& event, bool learns, online::Evaluation& evaluation) = 0;

  /// Current calibration of the parts that predict clicks; empty if they cannot be observed.
  virtual std::vector<std::pair<std::string, online::Calibration>> calibration() const = 0;

  /// Number of distinct items seen so far.
  virtual std::size_t items() const = 0;

  /// The options of the model.
  virtual const online::Options& options() const = 0;
};

/// The model of `freshet serve`, in this process.
std::unique_ptr<Predictor> make_model_predictor(const online::Options& options);

/// A running service: requests a list over HTTP, then sends the event. The list is requested with the `after=`
/// token of all events sent before. With `lockstep`, each event is also learned and published before the next one is
/// taken (lockstep.h). `values`: of every list; nullopt: those that the service has. Catalogue entries are put in batches, before the first event. Only the blend can be observed. Which events are scored follows from the service's options
/// (/v1/status). Prints a warning to standard error if the service has learned events before.
/// Errors: throws std::runtime_error if the service does not answer as expected, uses another session gap than
///         `session_gap` (if given), or does not keep pace with the lockstep.
std::unique_ptr<Predictor> make_service_predictor(const std::string& url,
                                                  std::optional<std::chrono::seconds> session_gap, bool lockstep,
                                                  const std::optional<online::Values>& values);

}  // namespace freshet::cli
