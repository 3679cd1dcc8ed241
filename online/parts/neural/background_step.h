#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "online/parts/neural/sequence_trainer.h"

namespace freshet::online {

/// Computes the gradients of one batch at a time on a thread of its own, while the owner goes on. When they are taken
/// is the owner's choice, never a matter of time, so that a run can be repeated.
/// Threads:  one owner, who leaves the trainer's weights alone between begin() and finish() (reading them is fine).
class BackgroundStep {
 public:
  /// `trainer` must outlive it.
  explicit BackgroundStep(SequenceTrainer& trainer) : trainer_(trainer) {}

  bool is_running() const { return batch_.has_value(); }
  /// REQUIRES: is_running()
  const SequenceBatch& batch() const { return *batch_; }

  /// REQUIRES: !is_running()
  void begin(SequenceBatch batch);

  struct Finished {
    SequenceBatch batch;
    SequenceGradients gradients;
  };
  /// Waits until they are there. The trainer is ready to step its weights by them.
  /// REQUIRES: is_running()
  Finished finish();

 private:
  void run(const std::stop_token& stop);

  SequenceTrainer& trainer_;
  std::optional<SequenceBatch> batch_;  // the thread reads it while it is wanted

  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool wanted_ = false;  // guarded by mutex_, as is gradients_
  SequenceGradients gradients_;
  std::jthread thread_;  // started by the first begin()
};

}  // namespace freshet::online
