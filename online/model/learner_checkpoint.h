#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/position.h"
#include "base/result.h"
#include "online/model/model.h"

namespace freshet::online {

/// What one checkpoint holds: how far the log was learned, and the model as it was then. Part of the on-disk format.
void encode_checkpoint(const Positions& positions, const Model& model, ByteWriter& out);
std::string encode_checkpoint(const Positions& positions, const Model& model);

/// Loads `model`, which must be fresh, and returns the positions. Total over any bytes.
/// Errors: corrupt, invalid (another format or other options); the model is then unusable.
Result<Positions> decode_checkpoint(std::string_view bytes, Model& model);

}  // namespace freshet::online
