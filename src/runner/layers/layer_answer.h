/* layer_answer.h - the outcome of a request for packages */
#ifndef RUNNER_LAYER_ANSWER_H
#define RUNNER_LAYER_ANSWER_H

enum layer_answer {
	LAYER_READY,   /* the layer is there */
	LAYER_PENDING, /* the answer comes later */
	LAYER_REFUSED, /* the job's fault: no such package, too large and the like */
	LAYER_FAILED   /* a fault of the network or of cee: worth another try */
};
#endif
