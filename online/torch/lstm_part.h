#pragma once

#include <cstdint>
#include <memory>

#include "online/options.h"
#include "online/part.h"

namespace freshet::online {

/// The LSTM session model ("lstm"): item embeddings tied in and out, an LSTM over the session's last items, and a
/// learned skip connection from the last item to the session vector; trained by sampled softmax with
/// popularity-corrected negatives (Yi et al., RecSys 2019: "Sampling-bias-corrected neural modeling") and sparse
/// Adagrad, with optional replay. Session-based GRU4Rec (Hidasi et al., ICLR 2016) made online. LibTorch computes
/// gradients; serving uses plain C++ over the published weights (online/lstm_scorer.h). Threads: as Part. Sets
/// LibTorch's intra-op threads to 1 on the learner thread.
std::unique_ptr<Part> make_lstm_part(const LstmOptions& options, std::size_t max_items, std::uint64_t seed);

}  // namespace freshet::online
