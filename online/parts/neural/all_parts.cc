#include "online/parts/neural/all_parts.h"

#include "online/parts/count_parts.h"
#include "online/parts/factor_parts.h"
#include "online/parts/neural/attention_part.h"
#include "online/parts/neural/autoencoder_part.h"
#include "online/parts/neural/lstm_part.h"
#include "online/parts/neural/neural_cf_part.h"

namespace freshet::online {

std::vector<std::unique_ptr<Part>> make_parts(const Options& options) {
  auto parts = make_count_parts(options);
  for (auto& part : make_factor_parts(options)) parts.push_back(std::move(part));
  if (options.has_part("lstm")) parts.push_back(make_lstm_part(options.lstm, options.max_items, options.seed));
  if (options.has_part("attention")) {
    parts.push_back(make_attention_part(options.attention, options.max_items, options.seed));
  }
  if (options.has_part("neural_cf")) {
    parts.push_back(make_neural_cf_part(options.neural_cf, options.max_items, options.seed));
  }
  if (options.has_part("autoencoder")) {
    parts.push_back(make_autoencoder_part(options.autoencoder, options.max_items, options.seed));
  }
  return parts;
}

}  // namespace freshet::online
