// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/sync.h"

namespace freshet::ingest {

/// Decoders for threads that come and go: one at a time uses a decoder, whose buffers are worth keeping.
/// Threads: borrow() may be called concurrently.
/// Owns:    the decoders; those that are borrowed must be gone before it.
template <typename Decoder>
class DecoderPool {
  struct GiveBack {
    DecoderPool* pool;
    void operator()(Decoder* decoder) const {
      const MutexLock lock(pool->mutex_);
      pool->idle_.emplace_back(decoder);
    }
  };

 public:
  /// Goes back to the pool when it is destroyed.
  using Borrowed = std::unique_ptr<Decoder, GiveBack>;

  explicit DecoderPool(std::function<std::unique_ptr<Decoder>()> make) : make_(std::move(make)) {}

  Borrowed borrow() {
    {
      const MutexLock lock(mutex_);
      if (!idle_.empty()) {
        Borrowed decoder(idle_.back().release(), GiveBack{this});
        idle_.pop_back();
        return decoder;
      }
    }
    return Borrowed(make_().release(), GiveBack{this});
  }

 private:
  const std::function<std::unique_ptr<Decoder>()> make_;
  Mutex mutex_;
  std::vector<std::unique_ptr<Decoder>> idle_ FRESHET_GUARDED_BY(mutex_);
};

}  // namespace freshet::ingest
