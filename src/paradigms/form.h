/* Whether a text from a model is a sentence at all. */
#ifndef RK_PARADIGMS_FORM_H
#define RK_PARADIGMS_FORM_H

#include "paradigms/wording.h"

#define RK_FORM_BYTES 400

/* What is wrong with a text and its words, as static text; NULL: nothing. The
 * words may be those before a fault that ends the reading. */
const char *rk_form_fault(const char *text, const rk_wording *w);

#endif
