<#import "template.ftl" as layout>
<#-- keycloak.v2's list answers only to a mouse; here each way is a button. -->
<@layout.registrationLayout displayInfo=false; section>
    <#if section = "header">
        ${msg("loginChooseAuthenticator")}
    <#elseif section = "form">
        <ul class="${properties.kcSelectAuthListClass!}">
            <#list auth.authenticationSelections as way>
            <li class="${properties.kcSelectAuthListItemWrapperClass!}">
                <form action="${url.loginAction}" method="post">
                    <input type="hidden" name="authenticationExecution" value="${way.authExecId}">
                    <button type="submit" class="${properties.kcSelectAuthListItemClass!}" aria-describedby="way-${way?index}">
                        <span class="${properties.kcSelectAuthListItemHeadingClass!}">${msg(way.displayName)}</span>
                    </button>
                    <p class="hint" id="way-${way?index}">${msg(way.helpText)}</p>
                </form>
            </li>
            </#list>
        </ul>
    </#if>
</@layout.registrationLayout>
