@RestController
class Hello {
    @RequestMapping("/")
    String hello() {
        "Hello from a Groovy script."
    }
}
