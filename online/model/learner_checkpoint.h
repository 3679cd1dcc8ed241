// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/position.h"
#include "base/result.h"
#include "online/model/model.h"

namespace freshet::online {

/// The bytes of a checkpoint: the positions up to which the log was learned, and the model at that point. An on-disk
/// format (docs/store_format.md).
void encode_checkpoint(const Positions& positions, const Model& model, ByteWriter& out);
std::string encode_checkpoint(const Positions& positions, const Model& model);

/// Loads `model`, which must be fresh, and returns the positions. Accepts any bytes.
/// Errors: corrupt; invalid (written by another version, or with other options). The model is then unusable.
Result<Positions> decode_checkpoint(std::string_view bytes, Model& model);

/// The positions alone, of the first bytes of a checkpoint; empty if they do not have them. kPositionsBytes are enough
/// for the positions of 5,000 partitions.
Positions decode_positions(std::string_view head);
inline constexpr std::size_t kPositionsBytes = std::size_t{64} << 10;

}  // namespace freshet::online
