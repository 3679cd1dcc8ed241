// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "online/parts/neural/sequence_trainer.h"

namespace freshet::online {

/// Computes the gradients of one batch at a time on a thread of its own, while the owner continues. The owner decides
/// when to take them, and waits if they are not there yet. So a run can be repeated, however long the thread takes.
/// Threads:  one owner, which may read the trainer's weights between begin() and finish() but must not change them.
class BackgroundStep {
 public:
  /// `trainer` must outlive this object.
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
  /// Waits for the gradients. Afterward the trainer can step its weights by them (SequenceTrainer::step_weights()).
  /// REQUIRES: is_running()
  Finished finish();

 private:
  void run(const std::stop_token& stop);

  SequenceTrainer& trainer_;
  std::optional<SequenceBatch> batch_;  // read by the thread while wanted_

  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool wanted_ = false;  // guarded by mutex_, as is gradients_
  SequenceGradients gradients_;
  std::jthread thread_;  // started by the first begin()
};

}  // namespace freshet::online
