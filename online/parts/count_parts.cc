#include "online/parts/count_parts.h"

#include "online/parts/covisitation.h"
#include "online/parts/popularity.h"
#include "online/parts/recurrence.h"
#include "online/parts/session_knn.h"
#include "online/parts/user_history.h"

namespace freshet::online {

std::vector<std::unique_ptr<Part>> make_count_parts(const Options& options) {
  std::vector<std::unique_ptr<Part>> parts;
  if (options.has_part("popularity")) parts.push_back(make_popularity(options.popularity, options.max_items));
  if (options.has_part("covisitation")) parts.push_back(make_covisitation(options.covisitation, options.max_items));
  if (options.has_part("session_knn")) parts.push_back(make_session_knn(options.session_knn, options.max_items));
  if (options.has_part("recurrence")) parts.push_back(make_recurrence());
  if (options.has_part("user_history")) parts.push_back(make_user_history(options.user_history, options.max_items));
  return parts;
}

}  // namespace freshet::online
